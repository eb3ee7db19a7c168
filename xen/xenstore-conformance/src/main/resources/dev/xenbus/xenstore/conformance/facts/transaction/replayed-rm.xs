# A removal is executed again: of what is gone too, unless its parent is gone.
# profiles: ocaml
s1    WRITE /p/a 1       OK
s1    START t            *
s1:t  RM /p/a            OK
s2    RM /p/a            OK
s1:t  COMMIT             OK
s1    WRITE /p/a 1       OK
s1    START t            *
s1:t  RM /p/a            OK
s2    RM /p              OK
s1:t  COMMIT             EAGAIN
