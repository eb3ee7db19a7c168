# A node may have a value and children.
s1  WRITE /a 1      OK
s1  WRITE /a/b 2    OK
s1  READ /a         "1"
s1  DIRECTORY /a    [b]
