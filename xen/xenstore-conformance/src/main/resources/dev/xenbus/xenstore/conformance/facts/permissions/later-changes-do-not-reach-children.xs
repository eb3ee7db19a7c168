# Changing a node's entries does not change its children's.
s1  WRITE /a/b 1          OK
s1  SET_PERMS /a r0       OK
s1  GET_PERMS /a/b        [n0]
