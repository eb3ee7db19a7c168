# A node that domain 0 makes below a guest's belongs to the guest.
d5  GET_DOMAIN_PATH 5      *
s1  MKDIR /a               OK
s1  SET_PERMS /a n5 r7     OK
s1  WRITE /a/x 1           OK
s1  GET_PERMS /a/x         [n5 r7]
