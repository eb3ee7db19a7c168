# The same path and token again is EEXIST, and fires nothing.
s1  WATCH /a t   OK
s1  EVENT /a t
s1  WATCH /a t   EEXIST
s1  NONE
