# CONTROL log shows and sets the switches.
# profiles: c ocaml
s1  CONTROL log         /Log switch settings:\n.*/  (ocaml: OK)
s1  CONTROL log on      OK
s1  CONTROL log off     OK
