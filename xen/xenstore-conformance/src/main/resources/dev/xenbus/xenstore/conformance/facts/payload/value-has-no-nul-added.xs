# Reading gives the value alone: no NUL stands behind it.
s1  WRITE /a hello OK
s1  READ  /a "hello"
