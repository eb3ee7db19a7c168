# @releaseDomain with depth 1 says which domain it was.
# profiles: c
s1  INTRODUCE 7 1 1              OK
s1  WATCH @releaseDomain t 1     OK
s1  EVENT @releaseDomain t
s2  RELEASE 7                    OK
s1  EVENT @releaseDomain/7 t
s1  NONE
