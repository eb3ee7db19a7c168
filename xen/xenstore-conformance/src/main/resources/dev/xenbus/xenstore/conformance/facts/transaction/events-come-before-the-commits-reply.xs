# A commit's events on its own connection come before its reply.
s1    WATCH /a t     OK
s1    EVENT /a t
s1    START t        *
s1:t  WRITE /a 1     OK
s1:t  COMMIT         OK
s1    EVENT_BEFORE /a t
