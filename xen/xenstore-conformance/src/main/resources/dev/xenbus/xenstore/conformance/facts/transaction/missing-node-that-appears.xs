# Having seen that a node is missing conflicts with its creation.
s1    START  t      *
s1:t  READ   /a     ENOENT
s2    WRITE  /a 1   OK
s1:t  COMMIT        EAGAIN  (ocaml: OK)
