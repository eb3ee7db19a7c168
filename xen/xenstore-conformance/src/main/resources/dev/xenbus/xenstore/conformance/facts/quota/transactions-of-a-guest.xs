# A guest has at most nine open transactions.
# profiles: c
# differs: 4.17 lets it have 11; oxenstored too, EQUOTA
d5    9x START t       *
d5    START u          ENOSPC
d5:t  ABORT            OK
d5    START u          *
