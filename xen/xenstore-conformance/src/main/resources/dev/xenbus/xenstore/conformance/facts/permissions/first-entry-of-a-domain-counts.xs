# Of two entries for a domain the first counts.
s1  WRITE /a 1             OK
d5  GET_DOMAIN_PATH 5      *
s1  SET_PERMS /a n0 r5 n5  OK
d5  READ /a                "1"
