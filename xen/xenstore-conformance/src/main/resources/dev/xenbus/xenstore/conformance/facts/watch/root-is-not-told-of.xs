# Changes of the root itself are told to nobody.
# profiles: ocaml
# differs: the C daemon tells of it as of any node
s1  WATCH / t           OK
s1  EVENT / t
s2  WRITE / x           OK
s2  SET_PERMS / n0      OK
s2  WRITE / ""          OK
s1  NONE
