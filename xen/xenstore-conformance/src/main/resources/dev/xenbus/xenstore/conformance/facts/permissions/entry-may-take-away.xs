# An entry may give a domain less than the default.
s1  WRITE /a 1          OK
d5  GET_DOMAIN_PATH 5   *
s1  SET_PERMS /a r0 n5  OK
d5  READ /a             EACCES
d6  READ /a             "1"
