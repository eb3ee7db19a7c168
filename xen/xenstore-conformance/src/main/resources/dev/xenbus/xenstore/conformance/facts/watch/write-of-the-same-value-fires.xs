# A write of the value that is there fires all the same.
s1  WRITE /a 1     OK
s1  WATCH /a t     OK
s1  EVENT /a t
s2  WRITE /a 1     OK
s1  EVENT /a t
