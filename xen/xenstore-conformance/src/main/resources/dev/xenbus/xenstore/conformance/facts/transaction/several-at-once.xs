# A connection may have several open transactions, each with its own view.
s1    WRITE /a 0     OK
s1    WRITE /b 0     OK
s1    START t        *
s1    START u        *
s1:t  WRITE /a 1     OK
s1:u  READ /a        "0"
s1:u  WRITE /b 1     OK
s1:t  READ /b        "0"
s1:u  ABORT          OK
s1:t  ABORT          OK
