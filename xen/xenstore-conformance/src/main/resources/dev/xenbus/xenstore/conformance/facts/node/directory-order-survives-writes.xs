# Writing a child again does not move it.
s1  WRITE /a/c 1   OK
s1  WRITE /a/a 1   OK
s1  WRITE /a/c 2   OK
s1  DIRECTORY /a   [c a]  (ocaml: [a c])
