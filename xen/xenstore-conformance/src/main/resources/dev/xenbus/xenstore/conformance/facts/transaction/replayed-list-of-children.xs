# A commit that wrote is refused if the list of children that it read is another one by now.
# profiles: ocaml
s1    WRITE /p/x 1       OK
s1    START t            *
s1:t  DIRECTORY /p       [x]
s1:t  WRITE /p/n 2       OK
s2    WRITE /p/y 3       OK
s1:t  COMMIT             EAGAIN
s1    START t            *
s1:t  DIRECTORY /p       [x y]
s1:t  WRITE /p/n 2       OK
s2    WRITE /p/y 4       OK
s1:t  COMMIT             OK
s1    DIRECTORY /p       [n x y]
