# @introduceDomain with depth 1 says which domain it was.
# profiles: c
s1  WATCH @introduceDomain t 1   OK
s1  EVENT @introduceDomain t
s1  INTRODUCE 7 1 1              OK
s1  EVENT @introduceDomain/7 t
s1  RELEASE 7                    OK
