# A request that is refused fires nothing.
s1  WATCH / t         OK
s1  EVENT / t
s2  WRITE /a. 1       EINVAL
s2  RM /a/b           ENOENT
s2  SET_PERMS /a n0   ENOENT
s1  NONE
