# @releaseDomain/<domid> is a name like others, and nobody tells of it.
# profiles: c17 ocaml
s1  INTRODUCE 8 1 1              OK
s1  WATCH @releaseDomain/8 one   OK
s1  WATCH @releaseDomain all     OK
s1  EVENT @releaseDomain/8 one
s1  EVENT @releaseDomain all
s2  RELEASE 8                    OK
s1  EVENT @releaseDomain all
s1  NONE
