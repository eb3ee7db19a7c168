# A subtree removed in a transaction fires its root first, then what was below.
s1    WRITE /a/b/c 1     OK
s1    WATCH / top        OK
s1    WATCH /a/b mid     OK
s1    WATCH /a/b/c low   OK
s1    EVENT / top
s1    EVENT /a/b mid
s1    EVENT /a/b/c low
s2    START t            *
s2:t  RM /a              OK
s2:t  COMMIT             OK
s1    EVENT /a top
s1    EVENT /a/b mid
s1    EVENT /a/b/c low
s1    NONE
