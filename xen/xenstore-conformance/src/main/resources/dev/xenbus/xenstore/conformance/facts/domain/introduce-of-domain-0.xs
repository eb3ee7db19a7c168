# Domain 0 cannot be introduced.
# profiles: ocaml
# differs: the C daemon connects it to another port, and does not look at the frame
s1  INTRODUCE 0 1 1    EINVAL
s1  INTRODUCE x 1 1    EINVAL
s1  INTRODUCE 7 x 1    EIO
s1  RAW INTRODUCE "7\0001\0001"   OK
s1  IS_DOMAIN_INTRODUCED 7   [T]
