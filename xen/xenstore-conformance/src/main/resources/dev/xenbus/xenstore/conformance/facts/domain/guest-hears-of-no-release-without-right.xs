# A guest may watch @releaseDomain, which everybody may read.
# profiles: c
d5  WATCH @releaseDomain t    OK
d5  EVENT @releaseDomain t
s1  INTRODUCE 7 1 1           OK
s1  RELEASE 7                 OK
d5  EVENT @releaseDomain t
