# A domain with a target has the target's rights beside its own.
d5  GET_DOMAIN_PATH 5    *
d6  GET_DOMAIN_PATH 6    *
s1  WRITE /p/x 1         OK
s1  SET_PERMS /p/x n6    OK
d5  WRITE /p/x 2         EACCES
s1  SET_TARGET 5 6       OK
d5  WRITE /p/x 2         OK
d5  READ /p/x            "2"
d6  READ /p/x            "2"
