# No name is empty.
s1  READ //        EINVAL
s1  READ //a       EINVAL
s1  MKDIR /a//b    EINVAL
