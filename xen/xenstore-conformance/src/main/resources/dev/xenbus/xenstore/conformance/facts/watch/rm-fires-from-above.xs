# Removing a subtree tells the watches from the root down, then those on every path below, by name, nodes or not.
# profiles: ocaml
# differs: the C daemon tells of nodes alone, the deepest first
s1  WRITE /a/b/c 1   OK
s1  WATCH /a/zz no   OK
s1  WATCH /a/b/c low OK
s1  WATCH / top      OK
s1  WATCH /a/b/q new OK
s1  WATCH /a/b mid   OK
s1  WATCH /a/zz/y no OK
s1  EVENT /a/zz no
s1  EVENT /a/b/c low
s1  EVENT / top
s1  EVENT /a/b/q new
s1  EVENT /a/b mid
s1  EVENT /a/zz/y no
s2  RM /a            OK
s1  EVENT /a top
s1  EVENT /a/b mid
s1  EVENT /a/b/c low
s1  EVENT /a/b/q new
s1  EVENT /a/zz no
s1  NONE
