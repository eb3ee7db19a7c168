# A domain that is shut down fires whenever the domains are looked at, resumed or not.
# profiles: ocaml
# differs: the C daemon fires once, until the domain is resumed
xen CREATE 7
s1  INTRODUCE 7 1 1             OK
s1  WATCH @releaseDomain t      OK
s1  EVENT @releaseDomain t
xen STOP 7
s1  EVENT @releaseDomain t
xen STOP 7
s1  EVENT @releaseDomain t
s1  RESUME 7                    OK
xen STOP 7
s1  EVENT @releaseDomain t
xen START 7
s1  NONE
xen KILL 7
s1  EVENT @releaseDomain t
s1  NONE
