# Whether a node exists is not told to who may not read its nearest existing ancestor.
s1  MKDIR /p        OK
d5  READ /p/x       EACCES  (ocaml: ENOENT)
d5  READ /p/x/y     EACCES  (ocaml: ENOENT)
