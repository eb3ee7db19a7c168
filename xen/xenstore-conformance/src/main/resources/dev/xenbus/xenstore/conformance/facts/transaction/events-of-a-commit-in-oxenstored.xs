# A commit tells of every change in the order in which they were made, once for each.
# profiles: ocaml
s1    MKDIR /p              OK
s2    WATCH /p t            OK
s2    EVENT /p t
s1    START t               *
s1:t  WRITE /p/b 1          OK
s1:t  WRITE /p/a 1          OK
s1:t  WRITE /p/b 2          OK
s1:t  SET_PERMS /p/a r0     OK
s1:t  MKDIR /p/a            OK
s1:t  RM /p/a               OK
s1:t  RM /p/zz              OK
s1:t  MKDIR /p/c/d          OK
s1:t  COMMIT                OK
s2    EVENT /p/b t
s2    EVENT /p/a t
s2    EVENT /p/b t
s2    EVENT /p/a t
s2    EVENT /p/a t
s2    EVENT /p/c/d t
s2    NONE
