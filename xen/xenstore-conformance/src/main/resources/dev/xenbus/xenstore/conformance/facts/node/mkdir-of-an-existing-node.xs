# MKDIR of a node that exists succeeds and keeps its value.
s1  WRITE /a hello OK
s1  MKDIR /a       OK
s1  READ  /a       "hello"
