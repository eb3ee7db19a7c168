# The names of the children count in their parent's size.
# profiles: c
d5  GET_DOMAIN_PATH 5     *
s1  MKDIR /p              OK
s1  SET_PERMS /p n5       OK
d5  WRITE /p {x*2013}     OK
d5  MKDIR /p/{y*8}        OK
d5  MKDIR /p/z            ENOSPC
d5  RM /p/{y*8}           OK
d5  MKDIR /p/z            OK
