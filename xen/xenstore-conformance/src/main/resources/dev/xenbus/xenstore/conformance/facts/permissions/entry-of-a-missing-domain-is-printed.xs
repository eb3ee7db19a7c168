# An entry for a domain that does not exist is kept, printed, and gives nothing.
# differs: oxenstored lets the later domain read
# profiles: c
xen KILL 9
s1  WRITE /a 1             OK
s1  SET_PERMS /a n0 r9     OK
s1  GET_PERMS /a           [n0 r9]
xen CREATE 9
s1  INTRODUCE 9 1 1        OK
s1  GET_PERMS /a           [n0 r9]
