# Removing below a parent that is not there fails.
s1  RM /a/b    ENOENT
s1  RM /a/b/c  ENOENT
