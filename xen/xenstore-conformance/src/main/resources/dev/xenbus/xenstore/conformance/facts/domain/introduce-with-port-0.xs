# INTRODUCE takes a port above 0.
s1  INTRODUCE 7 1 0            EINVAL  (ocaml: OK)
s1  IS_DOMAIN_INTRODUCED 7     [F]     (ocaml: [T])
