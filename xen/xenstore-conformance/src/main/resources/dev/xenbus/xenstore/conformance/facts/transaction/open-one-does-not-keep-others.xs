# An open transaction keeps nobody from writing.
s1    WRITE /a 1    OK
s1    START t       *
s1:t  WRITE /a 2    OK
s2    WRITE /a 3    OK
s2    READ /a       "3"
s1:t  ABORT         OK
