# A transaction belongs to its connection.
s1    WRITE /a 1    OK
s1    START t       *
s2:1  READ /a       ENOENT  (ocaml: EIO)
s1:t  COMMIT        OK
