# A guest has at most eleven open transactions.
# profiles: ocaml
d5    11x START t      *
d5    START u          EQUOTA
d5:t  ABORT            OK
d5    START u          *
