# Releasing a domain fires @releaseDomain.
s1  INTRODUCE 7 1 1            OK
s1  WATCH @releaseDomain t     OK
s1  EVENT @releaseDomain t
s2  RELEASE 7                  OK
s1  EVENT @releaseDomain t
s1  NONE
