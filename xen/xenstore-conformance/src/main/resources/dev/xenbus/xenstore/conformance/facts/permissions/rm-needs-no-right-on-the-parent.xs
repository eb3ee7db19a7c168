# Who may write a node may remove it from a parent that it may not write.
d5  GET_DOMAIN_PATH 5      *
s1  WRITE /p/x 1           OK
s1  SET_PERMS /p/x n0 w5   OK
d5  RM /p/x                OK
s1  READ /p/x              ENOENT
