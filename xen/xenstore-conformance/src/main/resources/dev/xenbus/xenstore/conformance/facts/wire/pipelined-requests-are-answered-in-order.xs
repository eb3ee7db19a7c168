# A client may send the next requests before the replies; they are answered in order.
s1  SEND  WRITE /a one
s1  SEND  READ /a
s1  SEND  WRITE /a two
s1  SEND  READ /a
s1  SEND  RM /a
s1  SEND  READ /a
s1  REPLY 1  OK
s1  REPLY 2  "one"
s1  REPLY 3  OK
s1  REPLY 4  "two"
s1  REPLY 5  OK
s1  REPLY 6  ENOENT
