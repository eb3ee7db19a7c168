# CONTROL quota lists the quotas with their values.
# profiles: c
s1  CONTROL quota   /Quota settings:\n.*nodes +: +1000 .*watches +: +128 .*/
