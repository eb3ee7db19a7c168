# Domain 0 may give a node as many entries as it likes.
s1  MKDIR /p                                  OK
s1  SET_PERMS /p n0 r1 r2 r3 r4 r5 r6 r7 r8   OK
s1  GET_PERMS /p                              [n0 r1 r2 r3 r4 r5 r6 r7 r8]
