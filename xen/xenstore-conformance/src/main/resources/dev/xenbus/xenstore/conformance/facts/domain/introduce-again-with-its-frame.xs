# A domain may be introduced again with the frame that it has, and with no other.
# profiles: ocaml
# differs: the C daemon does not look at the frame, and drops the watches
s1  WATCH @introduceDomain t   OK
s1  EVENT @introduceDomain t
s1  INTRODUCE 7 1 1            OK
s1  EVENT @introduceDomain t
s1  INTRODUCE 7 1 1            OK
s1  INTRODUCE 7 1 2            OK
s1  INTRODUCE 7 2 1            EINVAL
s1  NONE
s1  IS_DOMAIN_INTRODUCED 7     [T]
s1  RELEASE 7                  OK
s1  INTRODUCE 7 2 1            OK
s1  EVENT @introduceDomain t
