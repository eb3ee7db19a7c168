# A domain whose target is domain 0 may do what domain 0 may.
# profiles: ocaml
d5  IS_DOMAIN_INTRODUCED 5   EACCES
s1  WRITE /a 1               OK
s1  SET_TARGET 5 0           OK
d5  READ /a                  "1"
d5  WRITE /a/b 1             OK
d5  SET_PERMS /a n6          OK
d5  IS_DOMAIN_INTRODUCED 5   [T]
s1  GET_PERMS /a/b           [n0]
