# A node written twice fires once, in the order of first access.
# profiles: c c17
s2    WATCH /p t      OK
s2    EVENT /p t
s1    MKDIR /p        OK
s2    EVENT /p t
s1    START t         *
s1:t  WRITE /p/a 1    OK
s1:t  WRITE /p/a 2    OK
s1:t  WRITE /p/b 1    OK
s1:t  COMMIT          OK
s2    EVENT /p/a t
s2    EVENT /p/b t
s2    NONE
