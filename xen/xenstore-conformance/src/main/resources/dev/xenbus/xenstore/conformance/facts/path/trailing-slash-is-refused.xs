# Only the root ends in a slash.
s1  MKDIR /a/      EINVAL
s1  READ /a/       EINVAL
s1  DIRECTORY /    *
