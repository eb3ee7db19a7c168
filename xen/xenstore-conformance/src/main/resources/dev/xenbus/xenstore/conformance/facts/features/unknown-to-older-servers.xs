# The requests 23 to 26 are unknown to older servers.
# profiles: c17 ocaml
s1  RAW 23 "5\0"                ENOSYS
s1  RAW 24 "5\0004\0"          ENOSYS
s1  RAW 25 "nodes\0"            ENOSYS
s1  RAW 26 "nodes\0001000\0"    ENOSYS
