# A node that a guest makes is the guest's; the default letter is the parent's.
s1  MKDIR /a               OK
s1  SET_PERMS /a b0        OK
d5  WRITE /a/x/y 1         OK
s1  GET_PERMS /a/x         [b5]  (ocaml: [b0])
s1  GET_PERMS /a/x/y       [b5]  (ocaml: [b0])
