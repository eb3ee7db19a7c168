# TRANSACTION_START and RESET_WATCHES take a payload of no bytes.
# profiles: c c17
# differs: oxenstored waits for more bytes
s1  RAW TRANSACTION_START ""   *
s1  RAW RESET_WATCHES ""       OK
