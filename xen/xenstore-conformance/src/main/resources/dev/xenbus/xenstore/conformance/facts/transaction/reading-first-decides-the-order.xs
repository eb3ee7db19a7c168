# The order of events at a commit is that of the first access, reads included.
# profiles: c c17
s1    WRITE /p/a 1    OK
s1    WRITE /p/b 1    OK
s2    WATCH /p t      OK
s2    EVENT /p t
s1    START t         *
s1:t  READ  /p/b      "1"
s1:t  WRITE /p/a 2    OK
s1:t  WRITE /p/b 2    OK
s1:t  COMMIT          OK
s2    EVENT /p/b t
s2    EVENT /p/a t
s2    NONE
