# A connection may watch a path with several tokens; each has its event, in order of registration.
# differs: oxenstored sends the newest first
# profiles: c c17
s1  WATCH /a t   OK
s1  WATCH /a u   OK
s1  EVENT /a t
s1  EVENT /a u
s2  WRITE /a 1   OK
s1  EVENT /a t
s1  EVENT /a u
