# What a guest makes keeps the parent's other entries.
d5  GET_DOMAIN_PATH 5          *
d6  GET_DOMAIN_PATH 6          *
s1  MKDIR /p                   OK
s1  SET_PERMS /p r0 w5 b6      OK
d5  MKDIR /p/x                 OK
s1  GET_PERMS /p/x             [r5 w5 b6]  (ocaml: [r0 w5 b6])
