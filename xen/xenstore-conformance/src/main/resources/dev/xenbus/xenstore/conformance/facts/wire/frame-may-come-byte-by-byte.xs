# A request may arrive in any number of pieces.
s1  WRITE /a hello OK
s1  BYTES "\x02"
s1  BYTES "\0\0\0\x09\0\0"
s1  BYTES "\0\0\0\0\0\x03\0\0"
s2  READ  /a "hello"
s1  BYTES "\0"
s1  BYTES "/"
s1  BYTES "a"
s2  READ  /a "hello"
s1  BYTES "\0"
s1  REPLY 9 "hello"
