# A connection that ends in the middle of a frame is forgotten.
s1  BYTES "\x0b\0\0\0\x01\0\0\0\0\0\0\0\x10\0\0\0/a"
s1  RECONNECT
s1  READ /a  ENOENT
s2  READ /   ""
