# WATCH and UNWATCH do not look at a transaction's id.
s1:999  WATCH /a t     OK
s1      EVENT /a t
s1:999  UNWATCH /a t   OK
