# CONTROL help names the commands, one a line.
s1  CONTROL help   /.*check.*/ (ocaml: OK)
