# b0 lets everybody do both.
s1  WRITE /a 1         OK
s1  SET_PERMS /a b0    OK
d5  READ /a            "1"
d5  WRITE /a 2         OK
