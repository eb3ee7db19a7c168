# CONTROL quota <domid> says how many nodes a domain owns; anything that is no domid is OK.
# profiles: ocaml
d5  GET_DOMAIN_PATH 5   *
s1  CONTROL quota 5     "dom5 quota: not set\0"

s1  MKDIR /a            OK
s1  SET_PERMS /a n5     OK
s1  CONTROL quota 5     "dom5 quota: 1/1000\0"
s1  CONTROL quota x     OK
s1  CONTROL quota       OK
