# The root cannot be removed.
# profiles: c c17
# differs: oxenstored removes everything
s1  RM /       EINVAL
s1  READ /     ""
