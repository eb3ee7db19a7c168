# A watch with depth 0 hears of its node alone.
# profiles: c
s1  WATCH /a t 0       OK
s1  EVENT /a t
s2  WRITE /a/b 1       OK
s1  NONE
s2  WRITE /a 1         OK
s1  EVENT /a t
