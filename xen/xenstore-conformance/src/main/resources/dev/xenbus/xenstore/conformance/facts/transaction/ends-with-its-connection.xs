# A connection that closes drops its transactions without effect.
s1    START t         *
s1:t  WRITE /a 1      OK
s1    RECONNECT
s2    READ /a         ENOENT
s1:1  READ /          ENOENT  (ocaml: EIO)
