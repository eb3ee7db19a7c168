# RESET_WATCHES drops every watch of the connection, and no other's.
s1  WATCH /a t       OK
s1  WATCH /b u       OK
s2  WATCH /a t       OK
s1  EVENT /a t
s1  EVENT /b u
s2  EVENT /a t
s1  RESET_WATCHES "" OK
s2  WRITE /a 1       OK
s2  EVENT /a t
s1  NONE
s1  WATCH /a t       OK
