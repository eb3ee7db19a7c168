# Two new children of one parent conflict: both change the parent.
# differs: oxenstored merges them
s1    MKDIR  /p        OK
s1    START  t         *
s1:t  WRITE  /p/x 1    OK
s2    WRITE  /p/y 1    OK
s1:t  COMMIT           EAGAIN  (ocaml: OK)
s1    READ   /p/x      ENOENT  (ocaml: "1")
