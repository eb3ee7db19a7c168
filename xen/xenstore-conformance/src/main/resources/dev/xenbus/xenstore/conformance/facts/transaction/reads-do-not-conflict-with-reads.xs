# Readers do not disturb a transaction.
s1    WRITE  /a 1   OK
s1    START  t      *
s1:t  WRITE  /a 2   OK
s2    READ   /a     "1"
s2    DIRECTORY /a  []
s1:t  COMMIT        OK
