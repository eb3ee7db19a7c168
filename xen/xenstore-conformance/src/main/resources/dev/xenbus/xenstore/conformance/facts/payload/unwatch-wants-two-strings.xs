# UNWATCH wants exactly a path and a token.
s1  WATCH /a t                  OK
s1  EVENT /a t
s1  RAW UNWATCH "/a\0"          EINVAL
s1  RAW UNWATCH "/a\0t\0x\0"    EINVAL
s1  UNWATCH /a t                OK
