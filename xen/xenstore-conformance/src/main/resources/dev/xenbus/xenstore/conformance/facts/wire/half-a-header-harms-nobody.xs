# A client that sends half a header and no more does not keep others waiting.
s1  BYTES "\x02\0\0\0\x01"
s2  WRITE /a 1 OK
s2  READ  /a "1"
