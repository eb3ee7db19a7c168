# A transaction that is not is ENOENT, for requests that make no use of it too.
s1:999  READ /              ENOENT  (ocaml: EIO)
s1:999  WRITE /a 1          ENOENT  (ocaml: EIO)
s1:999  GET_DOMAIN_PATH 1   ENOENT  (ocaml: EIO)
s1      READ /a             ENOENT
