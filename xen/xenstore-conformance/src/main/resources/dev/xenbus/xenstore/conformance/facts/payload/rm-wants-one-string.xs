# RM takes one string that ends in NUL, and removes nothing otherwise.
# profiles: c ocaml
# differs: 4.17 answers what errno happens to hold
s1  WRITE /a 1       OK
s1  RAW RM "/a"      EINVAL
s1  RAW RM "/a\0\0"  EINVAL
s1  READ /a          "1"
