# Every entry costs 8 bytes of the node's size.
# profiles: c
d5  GET_DOMAIN_PATH 5         *
s1  MKDIR /p                  OK
s1  SET_PERMS /p n5 r1        OK
d5  WRITE /p {x*2015}         OK
d5  WRITE /p {x*2016}         ENOSPC
