# When an event comes, the store already has what it tells of.
s1  WATCH /a t     OK
s1  EVENT /a t
s2  WRITE /a new   OK
s1  EVENT /a t
s1  READ /a        "new"
