# A watch hears of everything below its node, with the full path.
s1  WATCH /a t     OK
s1  EVENT /a t
s2  WRITE /a/b/c 1 OK
s1  EVENT /a/b/c t
s1  NONE
