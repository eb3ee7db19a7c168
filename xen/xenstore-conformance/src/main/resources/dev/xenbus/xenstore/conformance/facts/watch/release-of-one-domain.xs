# @releaseDomain/<domid> fires for that domain alone.
# profiles: c
s1  INTRODUCE 7 1 1              OK
s1  INTRODUCE 8 1 1              OK
s1  WATCH @releaseDomain/8 t     OK
s1  EVENT @releaseDomain/8 t
s2  RELEASE 7                    OK
s1  NONE
s2  RELEASE 8                    OK
s1  EVENT @releaseDomain/8 t
