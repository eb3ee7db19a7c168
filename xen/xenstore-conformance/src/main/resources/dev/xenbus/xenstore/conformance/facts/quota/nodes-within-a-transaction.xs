# A request in a transaction that meets the quota of nodes fails, and the transaction commits.
# profiles: ocaml
d5    GET_DOMAIN_PATH 5      *
s1    MKDIR /p               OK
s1    SET_PERMS /p n5        OK
d5    997x MKDIR /p/{n}      OK
d5    START t                *
d5:t  MKDIR /p/a             OK
d5:t  MKDIR /p/b             OK
d5:t  MKDIR /p/c             EQUOTA
d5:t  COMMIT                 OK
s1    READ /p/b              ""
s1    CONTROL quota 5        "dom5 quota: 1000/1000\0"
