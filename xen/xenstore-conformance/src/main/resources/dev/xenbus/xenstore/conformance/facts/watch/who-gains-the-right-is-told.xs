# Whoever may read a node after SET_PERMS hears of it.
s1  WRITE /a 1          OK
d5  WATCH /a t          OK
d5  EVENT /a t
s1  SET_PERMS /a r0     OK
d5  EVENT /a t
