# Domain 0 cannot be released or resumed.
s1  RELEASE 0   EINVAL  (ocaml: ENOENT)
s1  RESUME 0    EINVAL
