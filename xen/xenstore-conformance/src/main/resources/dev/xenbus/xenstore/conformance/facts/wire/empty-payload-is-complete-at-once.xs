# A header with length 0 is a whole request.
# profiles: c c17
# differs: oxenstored waits for more
s1  RAW READ "" EINVAL  (c17: ENOENT)
