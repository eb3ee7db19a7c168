# A guest's transaction takes 1024 requests; then it takes none, not even its end.
# profiles: ocaml
d5    GET_DOMAIN_PATH 5      *
s1    MKDIR /p               OK
s1    SET_PERMS /p n5        OK
d5    START t                *
d5:t  WRITE /p/x 1           OK
d5:t  1023x READ /p          ""
d5:t  READ /p                EQUOTA
d5:t  WRITE /p/y 1           EQUOTA
d5:t  COMMIT                 EQUOTA
d5:t  ABORT                  EQUOTA
d5    READ /p/x              ENOENT
d5    RESET_WATCHES ""       OK
d5:t  COMMIT                 EIO
s1    START t                *
s1:t  1100x READ /p          ""
s1:t  COMMIT                 OK
