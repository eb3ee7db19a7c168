# Children are listed in the order in which they were made.
s1  WRITE /a/c 1   OK
s1  WRITE /a/a 1   OK
s1  WRITE /a/b 1   OK
s1  DIRECTORY /a   [c a b]  (ocaml: [a b c])
