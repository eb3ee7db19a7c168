# TRANSACTION_START does not look at its payload.
s1  RAW TRANSACTION_START "\0"        *
s1  RAW TRANSACTION_START "what\0so"  *
