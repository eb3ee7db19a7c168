# One guest's full quota is no other guest's.
# profiles: c
d5  127x WATCH /a t{n}   OK
d5  WATCH /a more        ENOSPC
d6  WATCH /a t           OK
