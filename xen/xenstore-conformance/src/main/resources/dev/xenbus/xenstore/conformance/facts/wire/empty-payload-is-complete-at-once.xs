# A header with length 0 is a whole request.
# profiles: c
# differs: 4.17 answers what errno happens to hold; oxenstored waits for more
s1  RAW READ "" EINVAL
