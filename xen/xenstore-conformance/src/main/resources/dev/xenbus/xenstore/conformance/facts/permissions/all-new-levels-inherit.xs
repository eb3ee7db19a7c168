# Every level that one write makes has the entries of the nearest node that was there.
s1  MKDIR /a                 OK
s1  SET_PERMS /a r0 n5       OK
s1  WRITE /a/b/c/d 1         OK
s1  GET_PERMS /a/b           [r0 n5]
s1  GET_PERMS /a/b/c         [r0 n5]
s1  GET_PERMS /a/b/c/d       [r0 n5]
