# Removing what is not there succeeds if its parent is.
s1  RM /a      OK
s1  MKDIR /a   OK
s1  RM /a/b    OK
