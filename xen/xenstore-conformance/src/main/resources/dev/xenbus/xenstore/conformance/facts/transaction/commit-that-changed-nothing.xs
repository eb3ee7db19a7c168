# A transaction that changed nothing commits, whatever it read; a failed request is no change.
# profiles: ocaml
s1    WRITE /a 1            OK
s1    START t               *
s1:t  READ /a               "1"
s1:t  DIRECTORY /           *
s1:t  MKDIR /a              OK
s1:t  RM /zz                OK
s1:t  WRITE /zz/y {x*2049}  E2BIG
s1:t  READ /zz              ""
s2    WRITE /a 2            OK
s1:t  COMMIT                OK
s1    READ /zz              ENOENT
