# The events of a relative watch are relative, those of nodes below too.
s1  WATCH xemu-foo t                      OK
s1  EVENT xemu-foo t
s2  WRITE /local/domain/0/xemu-foo/bar 1  OK
s1  EVENT xemu-foo/bar t
s2  RM /local/domain/0/xemu-foo           OK
s1  EVENT xemu-foo t
