# Releasing a domain fires @releaseDomain.
# profiles: c c17
# differs: oxenstored maps the frame that is named
s1  INTRODUCE 7 1 1            OK
s1  WATCH @releaseDomain t     OK
s1  EVENT @releaseDomain t
s2  RELEASE 7                  OK
s1  EVENT @releaseDomain t
s1  NONE
