# Who may read and write a node may still not change its entries.
d5  GET_DOMAIN_PATH 5      *
s1  MKDIR /p               OK
s1  SET_PERMS /p n0 b5     OK
d5  SET_PERMS /p n0 b5     EACCES
d5  SET_PERMS /p b5        EACCES
