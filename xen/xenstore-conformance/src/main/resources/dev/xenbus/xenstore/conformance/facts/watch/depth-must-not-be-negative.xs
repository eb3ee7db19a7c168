# A depth below 0 is refused.
s1  WATCH /a t -1   EINVAL
s1  NONE
