# TRANSACTION_END without a transaction fails.
s1  COMMIT  ENOENT
s1  ABORT   ENOENT
