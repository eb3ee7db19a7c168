# A guest has at most 101 watches; one more is EQUOTA, also if it is there already.
# profiles: ocaml
d5  101x WATCH /a t{n}    OK
d5  WATCH /a more         EQUOTA
d5  WATCH /a t1           EQUOTA
d6  WATCH /a t            OK
d5  UNWATCH /a t1         OK
d5  WATCH /a t2           EEXIST
d5  WATCH /a more         OK
