# The special watches have entries that can be read and set.
# profiles: c ocaml
s1  GET_PERMS @introduceDomain      [n0]
s1  SET_PERMS @introduceDomain r0   OK
s1  GET_PERMS @introduceDomain      [r0]
s1  SET_PERMS @introduceDomain n0   OK
s1  GET_PERMS @releaseDomain        [n0 r32757]  (ocaml: [n0])
