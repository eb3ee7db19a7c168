# INTRODUCE takes a port that is a number.
s1  INTRODUCE 7 1 x            EINVAL
s1  IS_DOMAIN_INTRODUCED 7     [F]
