# A transaction's reply comes on the same connection as the plain ones, in order.
s1    WRITE /a 1       OK
s1    START t          *
s1:t  SEND  READ /a
s1    SEND  READ /a
s1    REPLY -          "1"
s1    REPLY -          "1"
