# A node that is made again has nothing of the old one.
s1  WRITE /a old       OK
s1  WRITE /a/b 1       OK
s1  RM /a              OK
s1  MKDIR /a           OK
s1  READ /a            ""
s1  DIRECTORY /a       []
