# Removing a subtree conflicts with a change inside of it.
s1    WRITE  /x/child 1  OK
s1    START  t           *
s1:t  RM     /x          OK
s2    WRITE  /x/child 2  OK
s1:t  COMMIT             EAGAIN  (ocaml: OK)
s1    READ   /x/child    "2"     (ocaml: ENOENT)
