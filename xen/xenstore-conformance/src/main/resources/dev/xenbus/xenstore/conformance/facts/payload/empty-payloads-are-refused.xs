# Requests that want strings refuse a payload of no bytes.
# profiles: c
# differs: 4.17 answers what errno happens to hold, or dies; oxenstored waits for more bytes
s1    RAW READ ""              EINVAL
s1    RAW DIRECTORY ""         EINVAL
s1    RAW MKDIR ""             EINVAL
s1    RAW RM ""                EINVAL
s1    RAW GET_PERMS ""         EINVAL
s1    RAW SET_PERMS ""         EINVAL
s1    RAW WRITE ""             EINVAL
s1    RAW WATCH ""             EINVAL
s1    RAW UNWATCH ""           EINVAL
s1    RAW GET_DOMAIN_PATH ""   EINVAL
s1    RAW SET_TARGET ""        EINVAL
s1    RAW INTRODUCE ""         EINVAL
s1    RAW RELEASE ""           EINVAL
s1    RAW DIRECTORY_PART ""    EINVAL
s1    START t                  *
s1:t  RAW TRANSACTION_END ""   EINVAL
s1:t  ABORT                    OK
