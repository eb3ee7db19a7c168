# A guest has at most 127 watches.
# profiles: c
# differs: 4.17 lets it have 129 and says E2BIG; oxenstored 101, EQUOTA
d5  127x WATCH /a t{n}    OK
d5  WATCH /a more         ENOSPC
d5  UNWATCH /a t1         OK
d5  WATCH /a more         OK
