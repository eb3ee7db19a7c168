# Introducing a domain again drops the watches and transactions of its connection.
# profiles: c ocaml
d5   MKDIR /local/domain/5   EACCES
s1   INTRODUCE 5 1 1         OK
s1   IS_DOMAIN_INTRODUCED 5  [T]
