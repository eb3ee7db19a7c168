# Listing a folder does not conflict with a child's new value.
s1    WRITE  /p/c 1     OK
s1    START  t          *
s1:t  DIRECTORY /p      [c]
s2    WRITE  /p/c 2     OK
s1:t  COMMIT            OK
