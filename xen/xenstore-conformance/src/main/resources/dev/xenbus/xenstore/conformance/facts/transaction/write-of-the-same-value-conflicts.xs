# A write counts as a change also if the value is the same.
s1    WRITE  /a 1     OK
s1    START  t        *
s1:t  READ   /a       "1"
s2    WRITE  /a 1     OK
s1:t  COMMIT          EAGAIN  (ocaml: OK)
