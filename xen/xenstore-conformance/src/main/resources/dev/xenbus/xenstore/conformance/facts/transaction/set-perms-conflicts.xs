# Having read a node's entries conflicts with their change.
s1    MKDIR  /x          OK
s1    START  t           *
s1:t  GET_PERMS /x       [n0]
s2    SET_PERMS /x r0    OK
s1:t  COMMIT             EAGAIN  (ocaml: OK)
