# An unknown command is EINVAL.
s1  CONTROL nonsense   EINVAL  (ocaml: OK)
s1  CONTROL ""         EINVAL  (ocaml: OK)
