# A missing node below a missing folder is judged by the nearest ancestor, which is touched by that.
s1    MKDIR  /p          OK
s1    START  t           *
s1:t  READ   /p/q/x      ENOENT
s2    MKDIR  /p/other    OK
s1:t  COMMIT             EAGAIN  (ocaml: OK)
