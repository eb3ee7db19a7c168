# What was changed below one node is merged with what others changed elsewhere.
# profiles: ocaml
s1    WRITE /p/x/a 1     OK
s1    WRITE /p/y/a 1     OK
s1    START t            *
s1:t  RM /p/x/a          OK
s1:t  WRITE /p/x/b 2     OK
s1:t  SET_PERMS /p/x r0  OK
s2    START u            *
s2:u  WRITE /p/y/c 3     OK
s2:u  RM /p/y/a          OK
s2:u  COMMIT             OK
s1:t  COMMIT             OK
s1    DIRECTORY /p/x     [b]
s1    DIRECTORY /p/y     [c]
s1    GET_PERMS /p/x     [r0]
