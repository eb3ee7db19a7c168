# Removing the root removes everything below it, and keeps its value and its entries.
# profiles: ocaml
# differs: the C daemon says EINVAL
s1    WRITE /a/b 1    OK
s1    START t         *
s1:t  WRITE / value   OK
s1:t  RM /            OK
s1:t  DIRECTORY /     []
s1:t  READ /          "value"
s1:t  GET_PERMS /     [n0]
s1:t  WRITE /c 1      OK
s1:t  DIRECTORY /     [c]
s1:t  ABORT           OK
s1    READ /a/b       "1"
d5    RM /            EACCES
