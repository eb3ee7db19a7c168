# A transaction that did nothing commits, whatever others did.
s1    START t       *
s2    WRITE /a 1    OK
s1:t  COMMIT        OK
