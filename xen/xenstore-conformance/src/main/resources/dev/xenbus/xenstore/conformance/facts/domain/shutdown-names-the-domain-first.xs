# For one shutdown @releaseDomain/<domid> comes before the plain name; for a death behind it.
# profiles: c
xen CREATE 7
s1  INTRODUCE 7 1 1             OK
s1  WATCH @releaseDomain/7 one  OK
s1  WATCH @releaseDomain all    OK
s1  EVENT @releaseDomain/7 one
s1  EVENT @releaseDomain all
xen STOP 7
s1  EVENT @releaseDomain/7 one
s1  EVENT @releaseDomain all
xen KILL 7
s1  EVENT @releaseDomain all
s1  EVENT @releaseDomain/7 one
s1  NONE
