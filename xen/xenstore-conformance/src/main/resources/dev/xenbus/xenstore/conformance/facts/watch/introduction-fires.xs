# Introducing a domain fires @introduceDomain, once.
s1  WATCH @introduceDomain t   OK
s1  EVENT @introduceDomain t
s1  INTRODUCE 7 1 1            OK
s1  EVENT @introduceDomain t
s1  INTRODUCE 7 1 1            OK
s1  NONE
s1  RELEASE 7                  OK
