# The removal of a dead domain's nodes fires nothing but @releaseDomain.
# profiles: ocaml
# differs: the C daemon fires for every node
d5  GET_DOMAIN_PATH 5     *
s1  WRITE /x/y 1          OK
s1  SET_PERMS /x n5       OK
s2  WATCH /x t            OK
s2  WATCH @releaseDomain r OK
s2  EVENT /x t
s2  EVENT @releaseDomain r
s1  RELEASE 5             OK
s2  EVENT @releaseDomain r
s2  NONE
s1  READ /x/y             ENOENT
