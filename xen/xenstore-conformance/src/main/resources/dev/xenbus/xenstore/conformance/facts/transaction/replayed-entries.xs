# A commit that wrote is refused if the entries that it read are others by now.
# profiles: ocaml
s1    WRITE /a 1         OK
s1    START t            *
s1:t  GET_PERMS /a       [n0]
s1:t  WRITE /b 1         OK
s2    SET_PERMS /a r0    OK
s1:t  COMMIT             EAGAIN
