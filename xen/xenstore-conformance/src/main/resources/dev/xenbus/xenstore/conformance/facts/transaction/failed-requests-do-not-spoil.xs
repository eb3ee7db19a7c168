# A request that is refused in a transaction does not spoil it.
s1    START  t        *
s1:t  WRITE  /a 1     OK
s1:t  READ   /a/      EINVAL
s1:t  READ   /zz      ENOENT
s1:t  RM     /        EINVAL  (ocaml: OK)
s1:t  ABORT           OK
