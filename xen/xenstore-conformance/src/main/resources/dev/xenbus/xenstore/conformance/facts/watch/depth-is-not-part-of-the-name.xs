# The same path and token with another depth is the same watch.
# profiles: c
s1  WATCH /a t 1   OK
s1  EVENT /a t
s1  WATCH /a t 2   EEXIST
s1  WATCH /a t     EEXIST
s1  UNWATCH /a t   OK
