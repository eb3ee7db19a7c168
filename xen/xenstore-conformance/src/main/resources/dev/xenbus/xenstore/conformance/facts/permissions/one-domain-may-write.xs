# An entry lets one domain write without reading.
s1  WRITE /a 1          OK
s1  SET_PERMS /a n0 w5  OK
d5  WRITE /a 2          OK
d5  READ /a             EACCES
d6  WRITE /a 3          EACCES
