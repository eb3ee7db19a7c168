# A guest's transaction has the guest's rights.
d5    GET_DOMAIN_PATH 5    *
s1    WRITE /p/x 1         OK
s1    SET_PERMS /p/x n0 b5 OK
d5    START t              *
d5:t  READ /p/x            "1"
d5:t  READ /p              EACCES
d5:t  WRITE /p/x 2         OK
d5:t  COMMIT               OK
s1    READ /p/x            "2"
