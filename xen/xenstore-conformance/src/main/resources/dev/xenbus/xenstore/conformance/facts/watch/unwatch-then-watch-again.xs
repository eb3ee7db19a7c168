# A watch may be made again, and has its first event again.
s1  WATCH /a t    OK
s1  EVENT /a t
s1  UNWATCH /a t  OK
s1  WATCH /a t    OK
s1  EVENT /a t
