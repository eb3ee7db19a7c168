# w0 lets everybody write and nobody read.
s1  WRITE /a 1         OK
s1  SET_PERMS /a w0    OK
d5  READ /a            EACCES
d5  WRITE /a 2         OK
s1  READ /a            "2"
