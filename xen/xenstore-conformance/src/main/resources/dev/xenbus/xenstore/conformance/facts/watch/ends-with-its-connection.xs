# A new connection has none of the watches of the one before.
s1  WATCH /a t    OK
s1  EVENT /a t
s1  RECONNECT
s2  WRITE /a 1    OK
s1  NONE
s1  WATCH /a t    OK
