# A type that does not exist is refused before its transaction is looked at.
s1:77  RAW 500 "x\0" ENOSYS  (ocaml: EIO)
