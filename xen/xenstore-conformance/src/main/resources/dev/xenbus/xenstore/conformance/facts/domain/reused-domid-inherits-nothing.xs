# A new domain with an old number has none of the old one's rights.
# profiles: c c17
d5  GET_DOMAIN_PATH 5     *
s1  WRITE /a 1            OK
s1  SET_PERMS /a n0 r5    OK
d5  READ /a               "1"
xen KILL 5
s1  READ /a               "1"
xen CREATE 5
s1  INTRODUCE 5 1 1       OK
s1  SET_PERMS /a n0       OK
