# A write replaces the value, also by a shorter one, and keeps the children.
s1  WRITE /a/b 1          OK
s1  WRITE /a long-value   OK
s1  WRITE /a v            OK
s1  READ  /a              "v"
s1  READ  /a/b            "1"
