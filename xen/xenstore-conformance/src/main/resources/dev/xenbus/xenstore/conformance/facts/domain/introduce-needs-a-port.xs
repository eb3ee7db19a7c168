# INTRODUCE takes a port above 0.
# profiles: c c17
s1  INTRODUCE 7 1 0            EINVAL
s1  INTRODUCE 7 1 x            EINVAL
s1  IS_DOMAIN_INTRODUCED 7     [F]
