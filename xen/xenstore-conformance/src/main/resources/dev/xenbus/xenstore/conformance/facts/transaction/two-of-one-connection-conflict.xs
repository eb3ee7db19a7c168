# Two transactions of one connection conflict like those of two; the first committer wins.
s1    WRITE  /a 1   OK
s1    START  t      *
s1    START  u      *
s1:t  WRITE  /a t   OK
s1:u  WRITE  /a u   OK
s1:t  COMMIT        OK
s1:u  COMMIT        EAGAIN  (ocaml: OK)
s1    READ   /a     "t"     (ocaml: "u")
