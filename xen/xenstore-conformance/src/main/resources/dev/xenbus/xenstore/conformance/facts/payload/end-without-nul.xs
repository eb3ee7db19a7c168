# TRANSACTION_END looks at what stands before the first NUL, or at all of it.
# profiles: ocaml
s1    START t                        *
s1:t  RAW TRANSACTION_END "X\0"      EINVAL
s1:t  RAW TRANSACTION_END "TT\0"     EINVAL
s1:t  READ /                         ""
s1:t  RAW TRANSACTION_END "T"        OK
s1    START u                        *
s1:u  RAW TRANSACTION_END "F\0x\0"  OK
s1    RAW TRANSACTION_END "X\0"     EINVAL
