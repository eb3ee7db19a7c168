# A watch set in a transaction is set at once, and stays when the transaction is aborted.
s1    START t        *
s1:t  WATCH /a t     OK
s1    EVENT /a t
s1:t  ABORT          OK
s2    WRITE /a 1     OK
s1    EVENT /a t
