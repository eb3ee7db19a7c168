# Events that were sent before RESET_WATCHES still come.
s1  WATCH /a t       OK
s1  RESET_WATCHES "" OK
s1  EVENT /a t
s1  NONE
