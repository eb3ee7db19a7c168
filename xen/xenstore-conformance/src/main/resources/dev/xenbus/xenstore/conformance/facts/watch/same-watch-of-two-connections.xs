# Two connections may have the same watch.
s1  WATCH /a t   OK
s2  WATCH /a t   OK
s1  EVENT /a t
s2  EVENT /a t
s1  WRITE /a 1   OK
s1  EVENT /a t
s2  EVENT /a t
