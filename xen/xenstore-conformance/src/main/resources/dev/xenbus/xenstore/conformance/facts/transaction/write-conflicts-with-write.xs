# Two writers of one node conflict: writing looks the node up first.
# differs: oxenstored replays the write, which gives the same reply
s1    WRITE  /a 1     OK
s1    START  t        *
s1:t  WRITE  /a 2     OK
s2    WRITE  /a 3     OK
s1:t  COMMIT          EAGAIN  (ocaml: OK)
s1    READ   /a       "3"     (ocaml: "2")
