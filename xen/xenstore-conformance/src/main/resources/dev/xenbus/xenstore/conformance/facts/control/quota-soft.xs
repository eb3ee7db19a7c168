# Soft quotas are listed as the hard ones are.
# profiles: c ocaml
s1  CONTROL quota-soft  /.*memory.*/  (ocaml: OK)
