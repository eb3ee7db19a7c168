# A guest owns at most 999 nodes; existing ones stay writable, and room made may be used.
# profiles: c
# differs: 4.17 lets it have 1000; oxenstored says EQUOTA
d5  GET_DOMAIN_PATH 5     *
s1  MKDIR /p              OK
s1  SET_PERMS /p b0       OK
d5  MKDIR /p/a            OK
d5  MKDIR /p/b            OK
d5  MKDIR /p/c            OK
d5  MKDIR /p/d            OK
d5  MKDIR /p/e            OK
d5  198x MKDIR /p/a/{n}   OK
d5  198x MKDIR /p/b/{n}   OK
d5  198x MKDIR /p/c/{n}   OK
d5  200x MKDIR /p/d/{n}   OK
d5  200x MKDIR /p/e/{n}   OK
d5  MKDIR /p/more         ENOSPC
d5  WRITE /p/more 1       ENOSPC
d5  WRITE /p/e/1 still    OK
d5  RM /p/e/2             OK
d5  MKDIR /p/more         OK
d5  MKDIR /p/yet-more     ENOSPC
