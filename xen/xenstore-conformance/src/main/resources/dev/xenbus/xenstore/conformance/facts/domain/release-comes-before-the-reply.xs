# The event of a release comes before the reply.
# profiles: c ocaml
# differs: that of 4.17 comes behind it
s1  INTRODUCE 7 1 1            OK
s1  WATCH @releaseDomain r     OK
s1  EVENT @releaseDomain r
s1  RELEASE 7                  OK
s1  EVENT_BEFORE @releaseDomain r
