# The number of entries is tested before they are read.
# profiles: c
d5  GET_DOMAIN_PATH 5               *
s1  MKDIR /p                        OK
s1  SET_PERMS /p n5                 OK
d5  SET_PERMS /p q q q q q          ENOSPC
d5  SET_PERMS /p q q                EINVAL
