# IS_DOMAIN_INTRODUCED says whether.
# profiles: c c17
# differs: oxenstored maps the frame that is named
s1  IS_DOMAIN_INTRODUCED 7   [F]
s1  INTRODUCE 7 1 1          OK
s1  IS_DOMAIN_INTRODUCED 7   [T]
s1  RELEASE 7                OK
s1  IS_DOMAIN_INTRODUCED 7   [F]
