# A write fires the watches of the node.
s1  WATCH /a t     OK
s1  EVENT /a t
s2  WRITE /a 1     OK
s1  EVENT /a t
s1  NONE
