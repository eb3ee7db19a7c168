# A missing node is ENOENT, whoever asks; making one needs the right to write the nearest that is there.
# profiles: ocaml
# differs: the C daemon tells only who may read the nearest ancestor
s1  MKDIR /p                OK
d5  READ /p                 EACCES
d5  READ /p/x/y             ENOENT
d5  DIRECTORY /p/x          ENOENT
d5  GET_PERMS /p/x          ENOENT
d5  SET_PERMS /p/x n5       ENOENT
d5  RM /p/x                 OK
d5  RM /p/x/y               ENOENT
d5  MKDIR /p/x              EACCES
d5  WRITE /p/x/y 1          EACCES
d5  WRITE /p/x {x*2049}     E2BIG
