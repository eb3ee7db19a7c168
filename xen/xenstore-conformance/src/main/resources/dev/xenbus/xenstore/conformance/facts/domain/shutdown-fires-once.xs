# A domain that stays shut down fires once, until it is resumed.
# profiles: c
xen CREATE 7
s1  INTRODUCE 7 1 1             OK
s1  WATCH @releaseDomain t      OK
s1  EVENT @releaseDomain t
xen STOP 7
s1  EVENT @releaseDomain t
xen STOP 7
s1  NONE
xen START 7
s1  RESUME 7                    OK
xen STOP 7
s1  EVENT @releaseDomain t
xen KILL 7
