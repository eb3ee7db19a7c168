# A transaction that read a node cannot commit once somebody else wrote it.
# differs: oxenstored lets a transaction commit that changed nothing
s1    WRITE  /a 1     OK
s1    START  t        *
s1:t  READ   /a       "1"
s2    WRITE  /a 2     OK
s1:t  COMMIT          EAGAIN  (ocaml: OK)
