# SET_FEATURE takes a domid and a mask.
# profiles: c
s1  RAW SET_FEATURE "5\0"   EINVAL
s1  SET_FEATURE 5 x         EINVAL
s1  SET_FEATURE x 4         EINVAL
