# A dead domain's entries are gone from other nodes.
# profiles: c ocaml
d5  GET_DOMAIN_PATH 5     *
s1  WRITE /a 1            OK
s1  SET_PERMS /a n0 r5 r6 OK
s1  RELEASE 5             OK
s1  GET_PERMS /a          [n0 r6]
