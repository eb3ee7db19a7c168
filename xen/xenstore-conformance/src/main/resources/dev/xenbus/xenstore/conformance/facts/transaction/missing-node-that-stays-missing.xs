# A failed look-up does not spoil a transaction.
s1    MKDIR  /p     OK
s1    START  t      *
s1:t  READ   /p/x   ENOENT
s1:t  WRITE  /q 1   OK
s1:t  COMMIT        OK
s1    READ   /q     "1"
