# A commit that conflicts fires nothing.
# profiles: c c17
s1    MKDIR /p         OK
s2    WATCH /p/x t     OK
s2    EVENT /p/x t
s1    START t          *
s1:t  WRITE /p/x 1     OK
s1    WRITE /p/y 1     OK
s1:t  COMMIT           EAGAIN
s2    NONE
