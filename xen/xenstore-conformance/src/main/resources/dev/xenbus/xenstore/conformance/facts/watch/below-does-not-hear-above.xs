# A watch hears nothing of what happens above its node.
s1  WRITE /a/b 1     OK
s1  WATCH /a/b t     OK
s1  EVENT /a/b t
s2  WRITE /a 1       OK
s2  WRITE /a/c 1     OK
s1  NONE
