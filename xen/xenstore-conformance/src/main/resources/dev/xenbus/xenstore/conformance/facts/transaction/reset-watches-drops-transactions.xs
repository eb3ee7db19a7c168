# RESET_WATCHES drops the connection's transactions too.
s1    START t         *
s1:t  WRITE /a 1      OK
s1    RESET_WATCHES "" OK
s1:t  COMMIT          ENOENT  (ocaml: EIO)
s1    READ /a         ENOENT
