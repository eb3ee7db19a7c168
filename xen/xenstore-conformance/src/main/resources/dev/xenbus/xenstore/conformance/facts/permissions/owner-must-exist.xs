# A node cannot be given to a domain that does not exist.
# profiles: c
xen KILL 9
s1  WRITE /a 1             OK
s1  SET_PERMS /a n9        ENOENT
s1  GET_PERMS /a           [n0]
