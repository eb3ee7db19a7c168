# An aborted transaction changed nothing and fires nothing.
s2    WATCH /a t     OK
s2    EVENT /a t
s1    START t        *
s1:t  WRITE /a/b 1   OK
s1:t  ABORT          OK
s1    READ /a        ENOENT
s2    NONE
