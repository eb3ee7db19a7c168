# MKDIR that makes a node fires.
s1  WATCH /a t     OK
s1  EVENT /a t
s2  MKDIR /a/b     OK
s1  EVENT /a/b t
