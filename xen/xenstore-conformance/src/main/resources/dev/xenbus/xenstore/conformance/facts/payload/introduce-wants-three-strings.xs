# INTRODUCE wants domid, frame and port.
s1  RAW INTRODUCE "7\0"          EINVAL
s1  RAW INTRODUCE "7\0001\0"     EINVAL
s1  IS_DOMAIN_INTRODUCED 7       [F]
