# A depth below 0 is refused.
# profiles: c
s1  WATCH /a t -1   EINVAL
s1  NONE
