# RESTRICT was removed; its number is not given to anything else.
s1  RAW 20 "0\0"    ENOSYS
s1  READ /          ""
