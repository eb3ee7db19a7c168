# Listing a folder conflicts with the removal of a child.
s1    WRITE  /p/c 1     OK
s1    START  t          *
s1:t  DIRECTORY /p      [c]
s2    RM     /p/c       OK
s1:t  COMMIT            EAGAIN  (ocaml: OK)
