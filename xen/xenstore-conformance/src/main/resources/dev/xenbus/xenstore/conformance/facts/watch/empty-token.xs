# A token may be empty.
s1  RAW WATCH "/a\0\0"   OK
s1  EVENT /a ""
