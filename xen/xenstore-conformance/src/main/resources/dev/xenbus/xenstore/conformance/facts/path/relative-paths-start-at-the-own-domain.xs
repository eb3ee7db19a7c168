# A path without a slash in front is below the connection's own domain.
s1  WRITE xemu-rel-path 1                 OK
s1  READ  /local/domain/0/xemu-rel-path   "1"
s1  RM    xemu-rel-path                   OK
