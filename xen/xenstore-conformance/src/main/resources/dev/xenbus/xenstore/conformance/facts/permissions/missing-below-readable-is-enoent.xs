# Who may read the nearest existing ancestor is told that a node is missing.
s1  MKDIR /p            OK
s1  SET_PERMS /p r0     OK
d5  READ /p/x           ENOENT
d5  READ /p/x/y         ENOENT
