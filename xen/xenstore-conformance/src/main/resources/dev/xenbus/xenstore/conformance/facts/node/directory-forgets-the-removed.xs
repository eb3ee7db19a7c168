# A child that was removed and made again is listed last.
s1  WRITE /a/c 1   OK
s1  WRITE /a/a 1   OK
s1  RM    /a/c     OK
s1  DIRECTORY /a   [a]
s1  WRITE /a/c 1   OK
s1  DIRECTORY /a   [a c]
