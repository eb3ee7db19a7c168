# Domain 0 cannot be resumed.
s1  RESUME 0    EINVAL  (ocaml: OK)
