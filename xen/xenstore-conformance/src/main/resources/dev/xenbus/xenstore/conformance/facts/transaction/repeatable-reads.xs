# What was read once in a transaction stays so in it.
s1    WRITE /a 1    OK
s1    START t       *
s1:t  READ /a       "1"
s2    WRITE /a 2    OK
s1:t  READ /a       "1"
s1:t  ABORT         OK
