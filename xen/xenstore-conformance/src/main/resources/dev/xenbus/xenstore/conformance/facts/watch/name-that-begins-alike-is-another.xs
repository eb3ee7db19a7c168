# A watch on /a hears nothing of /ab.
s1  WATCH /a t     OK
s1  EVENT /a t
s2  WRITE /ab 1    OK
s1  NONE
