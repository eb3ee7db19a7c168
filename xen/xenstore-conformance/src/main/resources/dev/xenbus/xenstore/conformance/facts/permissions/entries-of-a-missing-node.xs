# Entries of a node that is missing cannot be set.
s1  SET_PERMS /a n0   ENOENT
s1  GET_PERMS /a      ENOENT
