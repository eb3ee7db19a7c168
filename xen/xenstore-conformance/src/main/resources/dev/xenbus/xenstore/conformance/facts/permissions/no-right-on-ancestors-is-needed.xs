# Rights are asked of the node alone.
d5  GET_DOMAIN_PATH 5    *
s1  WRITE /a/b 1         OK
s1  SET_PERMS /a/b n0 r5 OK
d5  READ /a              EACCES
d5  READ /a/b            "1"
