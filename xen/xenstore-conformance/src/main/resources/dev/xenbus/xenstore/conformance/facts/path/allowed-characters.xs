# A path is made of letters, digits and - / _ @.
s1  WRITE /aZ09-_@x/y  1   OK
s1  READ  /aZ09-_@x/y  "1"
s1  RM    /aZ09-_@x        OK
