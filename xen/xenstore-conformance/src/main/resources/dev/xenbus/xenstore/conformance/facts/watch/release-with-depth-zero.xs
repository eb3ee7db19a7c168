# @releaseDomain with depth 0 hears of nothing.
# profiles: c
s1  INTRODUCE 7 1 1              OK
s1  WATCH @releaseDomain t 0     OK
s1  EVENT @releaseDomain t
s2  RELEASE 7                    OK
s1  NONE
