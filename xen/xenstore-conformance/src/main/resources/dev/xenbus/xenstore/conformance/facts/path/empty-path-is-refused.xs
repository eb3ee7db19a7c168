# The empty string names no node.
s1  READ ""        EINVAL
s1  DIRECTORY ""   EINVAL
