# A new watch has one event at once, with the path as it was given.
s1  WATCH /a t   OK
s1  EVENT_AFTER /a t
s1  NONE
