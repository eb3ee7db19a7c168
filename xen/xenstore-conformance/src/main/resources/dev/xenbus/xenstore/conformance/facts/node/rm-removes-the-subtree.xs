# Removing a node removes everything below it.
s1  WRITE /a/b/c 1   OK
s1  WRITE /a/d 1     OK
s1  RM    /a         OK
s1  READ  /a         ENOENT
s1  READ  /a/b/c     ENOENT
s1  READ  /a/d       ENOENT
