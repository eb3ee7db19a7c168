# A write with nothing behind the path's NUL stores the empty value.
s1  WRITE /a x        OK
s1  RAW WRITE "/a\0"  OK
s1  READ /a           ""
