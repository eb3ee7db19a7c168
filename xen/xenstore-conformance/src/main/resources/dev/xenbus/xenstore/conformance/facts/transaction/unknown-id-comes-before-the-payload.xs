# The transaction is looked up before the payload is read.
s1:999  READ /a/    ENOENT  (ocaml: EIO)
