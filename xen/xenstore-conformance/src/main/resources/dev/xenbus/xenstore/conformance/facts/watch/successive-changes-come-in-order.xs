# Events come in the order of the changes.
s1  WATCH /a t     OK
s1  EVENT /a t
s2  WRITE /a/1 x   OK
s2  WRITE /a/2 x   OK
s2  WRITE /a/3 x   OK
s2  WRITE /a/4 x   OK
s1  EVENT /a/1 t
s1  EVENT /a/2 t
s1  EVENT /a/3 t
s1  EVENT /a/4 t
s1  NONE
