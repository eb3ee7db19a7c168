# A reply carries the id of its request, whatever it is.
s1  BYTES  "\x02\0\0\0\x78\x56\x34\x12\0\0\0\0\x02\0\0\0/\0"
s1  REPLY  305419896  ""
