# A write to a sibling that exists is no conflict.
s1    WRITE  /p/x 1   OK
s1    WRITE  /p/y 1   OK
s1    START  t        *
s1:t  WRITE  /p/x 2   OK
s2    WRITE  /p/y 2   OK
s1:t  COMMIT          OK
s1    READ   /p/x     "2"
s1    READ   /p/y     "2"
