# Two requests with the same id both are answered, in order.
s1  WRITE /a 1 OK
s1  WRITE /b 2 OK
s1  BYTES "\x02\0\0\0\x05\0\0\0\0\0\0\0\x03\0\0\0/a\0\x02\0\0\0\x05\0\0\0\0\0\0\0\x03\0\0\0/b\0"
s1  REPLY 5 "1"
s1  REPLY 5 "2"
