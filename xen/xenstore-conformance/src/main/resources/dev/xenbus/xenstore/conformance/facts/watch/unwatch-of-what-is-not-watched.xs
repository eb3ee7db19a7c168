# UNWATCH names a watch by path and token, both.
s1  UNWATCH /a t  ENOENT
s1  WATCH /a t    OK
s1  UNWATCH /a u  ENOENT
s1  UNWATCH /b t  ENOENT
s2  UNWATCH /a t  ENOENT
s1  UNWATCH /a t  OK
