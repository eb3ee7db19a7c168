# A guest hears nothing of nodes that it may not read.
s1  WATCH / probe       OK
s1  EVENT / probe
d5  WATCH / t           OK
d5  EVENT / t
s1  WRITE /a 1          OK
s1  EVENT /a probe
d5  NONE
