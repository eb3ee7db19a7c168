# The watch of a name with @ hears nothing of the node of that name; /@name does.
# profiles: ocaml
s1  WATCH @releaseDomain special   OK
s1  WATCH /@releaseDomain node     OK
s1  WATCH / root                   OK
s1  EVENT @releaseDomain special
s1  EVENT /@releaseDomain node
s1  EVENT / root
s2  WRITE @releaseDomain ""        OK
s1  EVENT /@releaseDomain root
s1  EVENT /@releaseDomain node
s1  NONE
s1  INTRODUCE 7 1 1                OK
s1  RELEASE 7                      OK
s1  EVENT @releaseDomain special
s1  NONE
s1  UNWATCH @releaseDomain special OK
s1  UNWATCH /@releaseDomain node   OK
