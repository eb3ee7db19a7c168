# What a plain request causes is told behind its reply.
# profiles: ocaml
# differs: the C daemon tells before the reply
s1  WATCH /a t          OK
s1  EVENT /a t
s1  WRITE /a 1          OK
s1  EVENT_AFTER /a t
s1  MKDIR /a/b          OK
s1  EVENT_AFTER /a/b t
s1  SET_PERMS /a n0     OK
s1  EVENT_AFTER /a t
s1  RM /a               OK
s1  EVENT_AFTER /a t
