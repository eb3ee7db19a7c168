# A payload of exactly 4096 bytes is a request like any other.
s1  RAW WRITE "/a\0{x*4093}" OK  (ocaml: E2BIG)
