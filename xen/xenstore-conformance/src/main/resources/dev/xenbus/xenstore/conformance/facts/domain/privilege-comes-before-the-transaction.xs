# A guest's privileged request is refused before its transaction is looked up.
d5:77  INTRODUCE 7 1 1   EACCES  (ocaml: EIO)
