# A new node has the entries of its parent.
s1  MKDIR /a                 OK
s1  SET_PERMS /a n0 r5 b6    OK
s1  WRITE /a/b 1             OK
s1  GET_PERMS /a/b           [n0 r5 b6]
