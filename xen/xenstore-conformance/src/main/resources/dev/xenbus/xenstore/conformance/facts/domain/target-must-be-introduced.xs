# Both domains of SET_TARGET must be introduced.
d5  GET_DOMAIN_PATH 5    *
s1  SET_TARGET 5 77      ENOENT  (ocaml: OK)
s1  SET_TARGET 77 5      ENOENT
