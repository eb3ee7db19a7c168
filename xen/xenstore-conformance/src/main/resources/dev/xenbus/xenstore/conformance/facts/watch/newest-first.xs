# A node's watches are told from the root down, of those on one path the newest first.
# profiles: ocaml
# differs: the C daemon has the order of registration
s1  WATCH /a a1    OK
s1  WATCH / r1     OK
s1  WATCH /a/b b1  OK
s1  WATCH /a a2    OK
s1  WATCH / r2     OK
s1  EVENT /a a1
s1  EVENT / r1
s1  EVENT /a/b b1
s1  EVENT /a a2
s1  EVENT / r2
s2  WRITE /a/b 1   OK
s1  EVENT /a/b r2
s1  EVENT /a/b r1
s1  EVENT /a/b a2
s1  EVENT /a/b a1
s1  EVENT /a/b b1
s1  NONE
