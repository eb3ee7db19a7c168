# Domain 0 is not asked for rights.
d5  GET_DOMAIN_PATH 5   *
s1  WRITE /a 1          OK
s1  SET_PERMS /a n5     OK
s1  READ /a             "1"
s1  WRITE /a 2          OK
s1  SET_PERMS /a n0     OK
