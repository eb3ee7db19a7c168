# A watch with depth 1 hears of its node and of the children, not of what is deeper.
# profiles: c
# differs: 4.17 and oxenstored refuse the third string
s1  WATCH /a t 1       OK
s1  EVENT /a t
s2  WRITE /a 1         OK
s1  EVENT /a t
s2  WRITE /a/b 1       OK
s1  EVENT /a/b t
s2  WRITE /a/b/c 1     OK
s1  NONE
