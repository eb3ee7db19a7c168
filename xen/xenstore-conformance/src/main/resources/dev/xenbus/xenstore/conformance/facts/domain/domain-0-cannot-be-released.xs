# Domain 0 cannot be released.
# profiles: c c17
# differs: oxenstored says ENOENT, and removes everything that domain 0 owns
s1  RELEASE 0   EINVAL
s1  READ /      ""
