# Removing what is not there is no change.
s1  WATCH /a t     OK
s1  EVENT /a t
s2  RM /a          OK
s1  NONE
