# An entry of a domain that does not exist yet counts once it does.
# profiles: ocaml
# differs: the C daemon refuses such owners, and ignores such entries
s1  WRITE /a 1          OK
s1  SET_PERMS /a n0 r5  OK
d5  READ /a             "1"
s1  SET_PERMS /a n9     OK
s1  GET_PERMS /a        [n9]
