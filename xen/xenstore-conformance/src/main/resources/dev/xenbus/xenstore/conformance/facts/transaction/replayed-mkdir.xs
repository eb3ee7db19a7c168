# Two transactions may make the same node.
# profiles: ocaml
s1    START t            *
s1:t  MKDIR /p/n         OK
s2    START u            *
s2:u  MKDIR /p/n         OK
s2:u  COMMIT             OK
s1:t  COMMIT             OK
s1    DIRECTORY /p       [n]
