# A write whose value is too long makes the missing parents all the same, and tells nobody.
# profiles: ocaml
s1  WATCH /a t           OK
s1  EVENT /a t
s1  WRITE /a/b {x*2049}  E2BIG
s1  READ /a              ""
s1  READ /a/b            ENOENT
s1  NONE
s1  WRITE /a/b {x*2048}  OK
