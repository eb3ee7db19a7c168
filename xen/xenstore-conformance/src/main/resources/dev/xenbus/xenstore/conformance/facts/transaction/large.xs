# A transaction may touch many nodes.
s1    START t                  *
s1:t  500x WRITE /a/c{n} {n}   OK
s1:t  COMMIT                   OK
s1    READ /a/c1               "1"
s1    READ /a/c500             "500"
