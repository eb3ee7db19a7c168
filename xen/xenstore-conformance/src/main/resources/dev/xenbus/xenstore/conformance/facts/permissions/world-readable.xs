# r0 lets everybody read and nobody write.
s1  WRITE /a 1         OK
s1  SET_PERMS /a r0    OK
d5  READ /a            "1"
d5  DIRECTORY /a       []
d5  GET_PERMS /a       [r0]
d5  WRITE /a 2         EACCES
d5  MKDIR /a/b         EACCES
