# A node that was removed and made again in one transaction fires once.
# profiles: c c17
s1    WRITE /p/a 1    OK
s2    WATCH /p t      OK
s2    EVENT /p t
s1    START t         *
s1:t  RM    /p/a      OK
s1:t  WRITE /p/a 2    OK
s1:t  COMMIT          OK
s2    EVENT /p/a t
s2    NONE
