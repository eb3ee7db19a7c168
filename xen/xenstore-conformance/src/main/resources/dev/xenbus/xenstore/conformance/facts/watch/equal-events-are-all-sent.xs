# An event that equals one that waits is sent too.
# profiles: ocaml
# differs: the C daemon swallows those
s1  WATCH /a t     OK
s1  EVENT /a t
s2  SEND WRITE /a 1
s2  SEND WRITE /a 2
s2  SEND WRITE /a 3
s2  REPLY - OK
s2  REPLY - OK
s2  REPLY - OK
s1  EVENT /a t
s1  EVENT /a t
s1  EVENT /a t
s1  NONE
