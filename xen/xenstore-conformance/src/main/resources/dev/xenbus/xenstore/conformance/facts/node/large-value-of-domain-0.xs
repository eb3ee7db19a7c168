# For a privileged connection a value is bounded by the frame alone.
s1  WRITE /a {x*4000}   OK  (ocaml: E2BIG)
