# TRANSACTION_END takes T or F; anything else is refused and the transaction lives on.
# profiles: c c17
# differs: oxenstored takes T without its NUL
s1    WRITE /a 1                   OK
s1    START t                      *
s1:t  WRITE /a 2                   OK
s1:t  RAW TRANSACTION_END "X\0"    EINVAL
s1:t  RAW TRANSACTION_END "T"      EINVAL
s1:t  RAW TRANSACTION_END "TT\0"   EINVAL
s1:t  READ /a                      "2"
s1:t  COMMIT                       OK
s1    READ /a                      "2"
