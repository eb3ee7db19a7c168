# A commit that failed ended its transaction.
s1    WRITE /a 1    OK
s1    START t       *
s1:t  READ /a       "1"
s1:t  WRITE /b 2    OK
s2    WRITE /a 3    OK
s1:t  COMMIT        EAGAIN
s1:t  ABORT         ENOENT  (ocaml: EIO)
