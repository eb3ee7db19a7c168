# @introduceDomain is for domain 0 unless its entries say otherwise.
# profiles: c ocaml
d5  WATCH @introduceDomain t      OK
d5  EVENT @introduceDomain t
s1  INTRODUCE 7 1 1               OK
d5  NONE
s1  SET_PERMS @introduceDomain r0 OK
s1  INTRODUCE 8 1 1               OK
d5  EVENT @introduceDomain t
s1  SET_PERMS @introduceDomain n0 OK
s1  RELEASE 7                     OK
s1  RELEASE 8                     OK
