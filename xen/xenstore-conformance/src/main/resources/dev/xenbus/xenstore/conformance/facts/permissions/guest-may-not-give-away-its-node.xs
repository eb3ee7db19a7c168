# A guest may not change a node's owner.
d5  GET_DOMAIN_PATH 5   *
d7  GET_DOMAIN_PATH 7   *
s1  MKDIR /p            OK
s1  SET_PERMS /p n5     OK
d5  SET_PERMS /p n7     EPERM  (ocaml: EACCES)
d5  SET_PERMS /p n0     EPERM  (ocaml: EACCES)
s1  GET_PERMS /p        [n5]
