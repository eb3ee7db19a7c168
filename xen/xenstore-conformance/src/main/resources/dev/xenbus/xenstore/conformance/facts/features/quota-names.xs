# GET_QUOTA without a name lists the names.
# profiles: c
s1  RAW GET_QUOTA ""   /.*nodes.*watches.*\n/
