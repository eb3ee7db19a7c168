# The owner's rights do not depend on the letter of its entry.
d5  GET_DOMAIN_PATH 5   *
s1  WRITE /a 1          OK
s1  SET_PERMS /a n5     OK
d5  READ /a             "1"
d5  WRITE /a 2          OK
d5  SET_PERMS /a r5     OK
d5  RM /a               *
