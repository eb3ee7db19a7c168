# MKDIR makes a node with an empty value, and its parents.
s1  MKDIR /a/b      OK
s1  READ  /a/b      ""
s1  READ  /a        ""
