# A request without the id on the same connection counts as somebody else's.
s1    WRITE  /a 1   OK
s1    START  t      *
s1:t  WRITE  /a 2   OK
s1    WRITE  /a 3   OK
s1:t  READ   /a     "2"
s1:t  COMMIT        EAGAIN  (ocaml: OK)
s1    READ   /a     "3"     (ocaml: "2")
