# A guest may give a node four entries, its own included.
# profiles: c ocaml
# differs: 4.17 lets it have five; oxenstored has no limit
d5  GET_DOMAIN_PATH 5               *
s1  MKDIR /p                        OK
s1  SET_PERMS /p n5                 OK
d5  SET_PERMS /p n5 r1 r2 r3        OK
d5  SET_PERMS /p n5 r1 r2 r3 r4     ENOSPC  (ocaml: OK)
