# Names are compared byte by byte.
s1  WRITE /a/x 1  OK
s1  WRITE /a/X 2  OK
s1  READ  /a/x    "1"
s1  READ  /a/X    "2"
