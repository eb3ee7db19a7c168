# A guest hears of a node that it may not read if it may read the parent.
s1  MKDIR /p             OK
s1  SET_PERMS /p r0      OK
s1  WRITE /p/x 1         OK
s1  SET_PERMS /p/x n0    OK
d5  WATCH /p/x t         OK
d5  EVENT /p/x t
s1  WRITE /p/x 2         OK
d5  EVENT /p/x t
