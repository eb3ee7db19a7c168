# WRITE wants at least the NUL behind its path.
s1  RAW WRITE "/a"  EINVAL
s1  READ /a         ENOENT
