# A commit that wrote is refused if somebody changed what it read, not if the change made no difference.
# profiles: ocaml
s1    WRITE /a 1         OK
s1    START t            *
s1:t  READ /a            "1"
s1:t  WRITE /b 2         OK
s2    WRITE /a 1         OK
s1:t  COMMIT             OK
s1    START t            *
s1:t  READ /a            "1"
s1:t  WRITE /b 3         OK
s2    WRITE /a 2         OK
s1:t  COMMIT             EAGAIN
s1    READ /b            "2"
s1:t  ABORT              EIO
