# Transactions do not nest.
s1    START t   *
s1:t  START u   EBUSY
s1:t  COMMIT    OK
