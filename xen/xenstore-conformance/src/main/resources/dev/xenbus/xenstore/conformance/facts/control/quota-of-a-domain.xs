# CONTROL quota <domid> shows what a domain uses.
# profiles: c
d5  WATCH /a t          OK
s1  CONTROL quota 5     /Domain 5:\n.*watches +: +1 .*/
s1  CONTROL quota 77    ENOENT
