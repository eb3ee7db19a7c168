# A client that announces a body and sends a part of it does not keep others waiting.
s1  BYTES "\x02\0\0\0\x01\0\0\0\0\0\0\0\x40\0\0\0/a"
s2  WRITE /a 1 OK
s2  READ  /a "1"
