# An entry lets one domain read; others have the default.
s1  WRITE /a 1          OK
s1  SET_PERMS /a n0 r5  OK
d5  READ /a             "1"
d5  WRITE /a 2          EACCES
d6  READ /a             EACCES
