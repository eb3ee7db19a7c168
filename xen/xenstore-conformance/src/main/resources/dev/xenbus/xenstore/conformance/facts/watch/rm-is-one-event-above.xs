# A watch above a removed subtree has one event, with the path that was removed.
s1  WRITE /a/b/c 1   OK
s1  WRITE /a/b/d 1   OK
s1  WATCH /a t       OK
s1  EVENT /a t
s2  RM /a/b          OK
s1  EVENT /a/b t
s1  NONE
