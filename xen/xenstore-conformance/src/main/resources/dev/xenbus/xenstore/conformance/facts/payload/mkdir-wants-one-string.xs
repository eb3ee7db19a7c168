# MKDIR takes one string that ends in NUL, and makes nothing otherwise.
# profiles: c ocaml
# differs: 4.17 dies of it
s1  RAW MKDIR "/a"       EINVAL
s1  RAW MKDIR "/a\0/b\0" EINVAL
s1  READ /a              ENOENT
