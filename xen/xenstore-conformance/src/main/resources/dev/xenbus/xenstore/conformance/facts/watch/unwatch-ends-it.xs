# After UNWATCH nothing more comes.
s1  WATCH /a t    OK
s1  EVENT /a t
s1  UNWATCH /a t  OK
s2  WRITE /a 1    OK
s1  NONE
