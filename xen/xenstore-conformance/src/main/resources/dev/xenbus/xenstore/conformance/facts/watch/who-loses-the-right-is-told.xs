# Whoever could read a node before SET_PERMS hears of it, and of nothing after.
s1  WRITE /a 1          OK
s1  SET_PERMS /a r0     OK
d5  WATCH /a t          OK
d5  EVENT /a t
s1  SET_PERMS /a n0     OK
d5  EVENT /a t
s1  WRITE /a 2          OK
d5  NONE
