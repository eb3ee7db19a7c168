# A value has at most 2048 bytes; entries and children do not count.
# profiles: ocaml
d5  GET_DOMAIN_PATH 5       *
s1  MKDIR /p                OK
s1  SET_PERMS /p n5 r1 r2   OK
d5  WRITE /p {x*2048}       OK
d5  WRITE /p {x*2049}       E2BIG
d5  MKDIR /p/{y*500}        OK
s1  WRITE /p {x*2049}       E2BIG
