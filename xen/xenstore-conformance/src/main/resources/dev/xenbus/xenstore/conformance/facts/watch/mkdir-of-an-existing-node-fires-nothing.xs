# MKDIR of a node that is there is no change.
s1  MKDIR /a       OK
s1  WATCH /a t     OK
s1  EVENT /a t
s2  MKDIR /a       OK
s1  NONE
