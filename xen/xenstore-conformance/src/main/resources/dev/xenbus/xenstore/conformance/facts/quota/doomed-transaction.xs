# A transaction that ran into a quota cannot be committed.
# profiles: c
d5    GET_DOMAIN_PATH 5       *
s1    MKDIR /p                OK
s1    SET_PERMS /p b0         OK
d5    START t                 *
d5:t  WRITE /p/x 1            OK
d5:t  1021x READ /p/y{n}      ENOENT
d5:t  READ /p/more            ENOSPC
d5:t  COMMIT                  ENOMEM
s1    READ /p/x               ENOENT
