# Whoever could read a node hears of its removal.
s1  WRITE /a 1          OK
s1  SET_PERMS /a r0     OK
d5  WATCH /a t          OK
d5  EVENT /a t
s1  RM /a               OK
d5  EVENT /a t
