# A quota may be set for one domain.
# profiles: c
d5  WATCH /a t1              OK
s1  SET_QUOTA 5 watches 3    OK
s1  GET_QUOTA 5 watches      [3]
s1  GET_QUOTA watches        [128]
d5  WATCH /a t2              OK
d5  WATCH /a t3              ENOSPC
