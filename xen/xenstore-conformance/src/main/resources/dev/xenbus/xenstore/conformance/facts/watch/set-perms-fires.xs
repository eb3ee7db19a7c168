# Setting entries fires once, also if they are the same.
s1  MKDIR /a          OK
s1  WATCH /a t        OK
s1  EVENT /a t
s2  SET_PERMS /a n0   OK
s1  EVENT /a t
s1  NONE
