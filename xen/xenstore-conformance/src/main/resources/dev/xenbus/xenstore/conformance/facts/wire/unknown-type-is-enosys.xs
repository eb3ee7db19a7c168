# A type that no request has is refused, and the connection stays usable.
s1  RAW 500 "x\0"   ENOSYS
s1  RAW 65535 "x\0" ENOSYS
s1  WRITE /a 1      OK
