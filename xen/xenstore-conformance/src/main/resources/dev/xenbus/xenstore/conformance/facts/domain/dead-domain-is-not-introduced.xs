# A domain that died is not introduced any more.
xen CREATE 7
s1  INTRODUCE 7 1 1             OK
xen KILL 7
s1  WATCH @releaseDomain t      OK
s1  IS_DOMAIN_INTRODUCED 7      [F]
