# Every watch of a node has its event, in order of registration.
# profiles: c c17
# differs: oxenstored sends the newest first
s1  50x WATCH /a t{n}   OK
s1  50x EVENT /a t{n}
s2  WRITE /a 1          OK
s1  50x EVENT /a t{n}
s1  NONE
