# The generation that DIRECTORY_PART gives changes when a child comes.
s1  WRITE /a/b 1          OK
s1  START t               *
s1:t DIRECTORY /a         [b]
s1  WRITE /a/c 1          OK
s1:t COMMIT               EAGAIN  (ocaml: OK)
