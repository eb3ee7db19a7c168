# Removing a missing node is refused to who may not write the nearest existing ancestor.
s1  MKDIR /p          OK
s1  SET_PERMS /p r0   OK
d5  RM /p/x           EACCES  (ocaml: OK)
d5  RM /p/x/y         EACCES  (ocaml: ENOENT)
