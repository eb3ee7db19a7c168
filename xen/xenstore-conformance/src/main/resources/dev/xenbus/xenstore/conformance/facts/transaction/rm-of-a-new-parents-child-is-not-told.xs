# The removal of a node is told to who could see it, or its parent, when the transaction began.
# profiles: ocaml
s2    WATCH / t        OK
s2    EVENT / t
s1    START t          *
s1:t  WRITE /a/x 1     OK
s1:t  RM /a/x          OK
s1:t  COMMIT           OK
s2    EVENT /a/x t
s2    NONE
