# Requests that are not on nodes cannot be executed again: what changed elsewhere does not matter, the rest is EAGAIN.
# profiles: ocaml
s1    WRITE /q/x 1              OK
s1    START t                   *
s1:t  IS_DOMAIN_INTRODUCED 77   [F]
s1:t  WRITE /q/x 2              OK
s2    WRITE /a 1                OK
s1:t  COMMIT                    OK
s1    START t                   *
s1:t  IS_DOMAIN_INTRODUCED 77   [F]
s1:t  WRITE /q/x 3              OK
s2    WRITE /q/x 4              OK
s1:t  COMMIT                    EAGAIN
s1    START t                   *
s1:t  START u                   EBUSY
s1:t  WRITE /q/x 5              OK
s2    WRITE /q/x 6              OK
s1:t  COMMIT                    EAGAIN
s1    START t                   *
s1:t  GET_DOMAIN_PATH 7         [/local/domain/7]
s1:t  WRITE /q/x 7              OK
s2    WRITE /q/x 8              OK
s1:t  COMMIT                    OK
s1    READ /q/x                 "7"
