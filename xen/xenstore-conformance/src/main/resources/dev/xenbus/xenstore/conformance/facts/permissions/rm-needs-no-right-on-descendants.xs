# Removing asks the right to write the node itself, not what is below.
d5  GET_DOMAIN_PATH 5    *
s1  WRITE /p/x 1         OK
s1  SET_PERMS /p n0 w5   OK
d5  WRITE /p/x 2         EACCES
d5  RM /p                OK
s1  READ /p/x            ENOENT
