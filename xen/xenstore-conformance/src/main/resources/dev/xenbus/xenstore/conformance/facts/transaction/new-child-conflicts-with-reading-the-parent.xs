# A child made meanwhile changes the parent that was read.
s1    MKDIR  /p       OK
s1    START  t        *
s1:t  READ   /p       ""
s2    MKDIR  /p/new   OK
s1:t  COMMIT          EAGAIN  (ocaml: OK)
