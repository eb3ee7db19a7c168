# Removing a subtree fires the exact watches below, deepest first, then those of the root of it and above.
# profiles: c c17
# differs: oxenstored goes from the top, behind the reply, and fires watches of nodes that never were
s1  WRITE /a/b/c 1   OK
s1  WATCH / top      OK
s1  WATCH /a/b mid   OK
s1  WATCH /a/b/c low OK
s1  WATCH /a/zz no   OK
s1  EVENT / top
s1  EVENT /a/b mid
s1  EVENT /a/b/c low
s1  EVENT /a/zz no
s2  RM /a            OK
s1  EVENT /a/b/c low
s1  EVENT /a/b mid
s1  EVENT /a top
s1  NONE
