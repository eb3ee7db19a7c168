# A quota can be set; values below 1 and unknown names are refused.
# profiles: c
s1  CONTROL quota set nodes 1001    OK
s1  CONTROL quota                   /.*nodes +: +1001 .*/
s1  CONTROL quota set nodes 1000    OK
s1  CONTROL quota set nodes 0       EINVAL
s1  CONTROL quota set nonsense 5    EINVAL
