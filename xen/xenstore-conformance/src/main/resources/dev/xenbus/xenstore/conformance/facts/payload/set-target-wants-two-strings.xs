# SET_TARGET wants two domids.
s1  RAW SET_TARGET "7\0"   EINVAL
