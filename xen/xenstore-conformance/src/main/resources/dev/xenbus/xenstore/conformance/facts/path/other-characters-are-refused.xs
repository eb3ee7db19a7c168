# Any other character makes a path invalid.
s1  READ "/a b"   EINVAL
s1  READ /a.b     EINVAL
s1  READ /a:b     EINVAL
s1  READ /a%      EINVAL
s1  READ "/\xe4"  EINVAL
s1  WRITE /a+b 1  EINVAL
s1  MKDIR /a~     EINVAL
