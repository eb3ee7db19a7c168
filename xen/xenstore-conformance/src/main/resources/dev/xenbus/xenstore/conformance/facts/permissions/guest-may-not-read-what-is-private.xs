# n0 is for domain 0 alone.
s1  WRITE /a 1     OK
d5  READ /a        EACCES
d5  DIRECTORY /a   EACCES
d5  GET_PERMS /a   EACCES
d5  WRITE /a 2     EACCES
d5  RM /a          EACCES
s1  READ /a        "1"
