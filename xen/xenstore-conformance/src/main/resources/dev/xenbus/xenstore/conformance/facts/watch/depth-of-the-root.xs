# The root with depth 1 hears of /a and not of /a/b.
# profiles: c
s1  WATCH / t 1        OK
s1  EVENT / t
s2  WRITE /a/b 1       OK
s1  NONE
s2  WRITE /a 1         OK
s1  EVENT /a t
