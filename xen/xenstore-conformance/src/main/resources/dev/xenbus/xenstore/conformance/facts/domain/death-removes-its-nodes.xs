# What a domain owned goes when it is released, with everything below, whoever owns that.
d5  GET_DOMAIN_PATH 5     *
s1  WRITE /x/y 1          OK
s1  SET_PERMS /x n5       OK
s1  GET_PERMS /x/y        [n0]
s1  WRITE /z 1            OK
s1  RELEASE 5             OK
s1  READ /x               ENOENT
s1  READ /x/y             ENOENT
s1  READ /z               "1"
