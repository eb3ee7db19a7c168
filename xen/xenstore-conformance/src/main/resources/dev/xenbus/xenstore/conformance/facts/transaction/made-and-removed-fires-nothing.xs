# A node that was made and removed in one transaction fires nothing.
# profiles: c c17
# differs: oxenstored fires for both
s2    WATCH /p t      OK
s2    EVENT /p t
s1    MKDIR /p        OK
s2    EVENT /p t
s1    START t         *
s1:t  WRITE /p/a 1    OK
s1:t  RM    /p/a      OK
s1:t  COMMIT          OK
s2    NONE
