# An entry is a letter of n r w b and a number.
s1  MKDIR /a            OK
s1  SET_PERMS /a x0     EINVAL
s1  SET_PERMS /a n      EINVAL
s1  SET_PERMS /a n1x    EINVAL
s1  SET_PERMS /a 0      EINVAL
s1  SET_PERMS /a "" EINVAL
s1  SET_PERMS /a n0 q5  EINVAL
s1  GET_PERMS /a        [n0]
