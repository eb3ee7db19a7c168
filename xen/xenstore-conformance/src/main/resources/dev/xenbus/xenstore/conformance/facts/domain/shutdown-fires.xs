# A domain that shuts down fires @releaseDomain, and again when it dies.
# profiles: c
xen CREATE 7
s1  INTRODUCE 7 1 1             OK
s1  WATCH @releaseDomain t      OK
s1  EVENT @releaseDomain t
xen STOP 7
s1  EVENT @releaseDomain t
s1  NONE
xen KILL 7
s1  EVENT @releaseDomain t
s1  NONE
