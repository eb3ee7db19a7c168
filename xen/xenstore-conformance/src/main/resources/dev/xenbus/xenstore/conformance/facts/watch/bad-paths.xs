# A watch's path is checked as others are.
s1  WATCH /a/ t    EINVAL
s1  WATCH //a t    EINVAL
s1  WATCH /a. t    EINVAL
s1  WATCH "" t     EINVAL
s1  NONE
