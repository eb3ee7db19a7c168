# DIRECTORY takes one string that ends in NUL.
# profiles: c ocaml
# differs: 4.17 answers what errno happens to hold
s1  MKDIR /a                 OK
s1  RAW DIRECTORY "/a"       EINVAL
s1  RAW DIRECTORY "/a\0\0"   EINVAL
