# A node counts for the owner of its parent, who has at most 1000; domain 0 may exceed them.
# profiles: ocaml
d5  GET_DOMAIN_PATH 5        *
d6  GET_DOMAIN_PATH 6        *
s1  MKDIR /p                 OK
s1  SET_PERMS /p b5          OK
s1  MKDIR /q                 OK
s1  SET_PERMS /q b6          OK
d5  997x MKDIR /p/{n}        OK
d6  WRITE /p/of-6 1          OK
d5  MKDIR /p/last            OK
d5  MKDIR /p/more            EQUOTA
d5  WRITE /p/more 1          EQUOTA
d6  WRITE /p/more 1          EQUOTA
d5  WRITE /p/1 still         OK
d5  WRITE /q/more 1          OK
s1  CONTROL quota 5          "dom5 quota: 1000/1000\0"
s1  WRITE /p/of-0 1          OK
s1  CONTROL quota 5          "dom5 quota: 1001/1000\0"
s1  SET_PERMS /p/of-0 n0     OK
d5  RM /p/1                  OK
d5  RM /p/2                  OK
d5  WRITE /p/k/l/m/n 1       EQUOTA
s1  READ /p/k/l              ""
s1  READ /p/k/l/m            ENOENT
