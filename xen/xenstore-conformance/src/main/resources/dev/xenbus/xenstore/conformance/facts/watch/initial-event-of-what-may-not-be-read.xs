# The first event comes even if the node may not be read.
s1  WRITE /a 1     OK
d5  WATCH /a t     OK
d5  EVENT_AFTER /a t
