# SET_PERMS wants a path and at least one entry.
s1  MKDIR /a                 OK
s1  RAW SET_PERMS "/a\0"     EINVAL
s1  RAW SET_PERMS "/a"       EINVAL
s1  GET_PERMS /a             [n0]
