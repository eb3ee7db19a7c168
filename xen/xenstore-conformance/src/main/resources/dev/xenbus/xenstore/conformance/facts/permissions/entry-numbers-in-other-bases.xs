# Numbers of entries may be written as in C; they are printed in decimal.
d8  GET_DOMAIN_PATH 8     *
s1  MKDIR /a              OK
s1  SET_PERMS /a n0x0 r010  OK
s1  GET_PERMS /a          [n0 r8]  (ocaml: [n0 r10])
