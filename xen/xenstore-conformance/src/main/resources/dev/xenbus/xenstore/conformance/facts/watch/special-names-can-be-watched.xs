# The two special names can be watched, and have a first event.
s1  WATCH @releaseDomain t     OK
s1  EVENT @releaseDomain t
s1  WATCH @introduceDomain t   OK
s1  EVENT @introduceDomain t
s1  UNWATCH @releaseDomain t   OK
s1  UNWATCH @introduceDomain t OK
