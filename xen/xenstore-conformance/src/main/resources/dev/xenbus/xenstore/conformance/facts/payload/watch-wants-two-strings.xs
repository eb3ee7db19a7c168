# WATCH wants a path and a token.
s1  RAW WATCH "/a\0"   EINVAL
s1  RAW WATCH "/a"     EINVAL
s1  NONE
