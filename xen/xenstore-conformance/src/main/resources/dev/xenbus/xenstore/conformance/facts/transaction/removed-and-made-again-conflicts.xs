# A node that was removed and made again with the same value is another one.
s1    WRITE  /a 1   OK
s1    START  t      *
s1:t  READ   /a     "1"
s2    RM     /a     OK
s2    WRITE  /a 1   OK
s1:t  COMMIT        EAGAIN  (ocaml: OK)
