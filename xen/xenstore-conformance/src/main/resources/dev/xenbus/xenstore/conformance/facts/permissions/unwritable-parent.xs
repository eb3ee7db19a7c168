# Making a node needs the right to write the nearest existing ancestor.
s1  MKDIR /p            OK
s1  SET_PERMS /p r0     OK
d5  WRITE /p/q/r 1      EACCES
d5  MKDIR /p/q          EACCES
s1  READ /p/q           ENOENT
