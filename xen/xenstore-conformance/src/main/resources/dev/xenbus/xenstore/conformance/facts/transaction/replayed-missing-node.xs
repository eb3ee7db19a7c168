# A commit that wrote is refused if a node that was missing has appeared, unless it lies elsewhere.
# profiles: ocaml
s1    MKDIR /p           OK
s1    START t            *
s1:t  READ /p/a          ENOENT
s1:t  WRITE /p/b 1       OK
s2    WRITE /p/a 1       OK
s1:t  COMMIT             EAGAIN
s1    WRITE /q/x 1       OK
s1    START t            *
s1:t  READ /p/c          ENOENT
s1:t  WRITE /q/x 2       OK
s2    WRITE /p/c 1       OK
s1:t  COMMIT             OK
s1    READ /q/x          "2"
