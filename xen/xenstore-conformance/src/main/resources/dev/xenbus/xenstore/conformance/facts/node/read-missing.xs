# A node that is not there cannot be read.
s1  READ /a         ENOENT
s1  READ /a/b/c     ENOENT
