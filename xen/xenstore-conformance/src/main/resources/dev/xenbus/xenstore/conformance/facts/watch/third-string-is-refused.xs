# A watch has no depth.
# profiles: c17 ocaml
# differs: the C daemon of today takes a depth
s1  WATCH /a t 1            EINVAL
s1  RAW WATCH "/a\0t"       EINVAL
s1  NONE
