# What a transaction writes is not seen until its commit, on its own connection neither.
s1    WRITE /a old     OK
s1    START t          *
s1:t  WRITE /a new     OK
s1    READ /a          "old"
s2    READ /a          "old"
s1:t  READ /a          "new"
s1:t  COMMIT           OK
s2    READ /a          "new"
