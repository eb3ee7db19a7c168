# A write that makes several levels fires once, for the node that was named.
s1  WATCH /a t       OK
s1  EVENT /a t
s2  WRITE /a/b/c 1   OK
s1  EVENT /a/b/c t
s1  NONE
