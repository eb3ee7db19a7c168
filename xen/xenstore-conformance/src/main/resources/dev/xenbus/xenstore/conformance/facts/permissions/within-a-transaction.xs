# Entries set in a transaction count in it at once, and for others after its commit.
s1    WRITE /a 1            OK
s1    START t               *
s1:t  SET_PERMS /a r0       OK
s1:t  GET_PERMS /a          [r0]
d5    READ /a               EACCES
s1:t  COMMIT                OK
d5    READ /a               "1"
