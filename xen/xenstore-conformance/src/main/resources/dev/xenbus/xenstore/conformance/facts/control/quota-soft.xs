# Soft quotas are listed as the hard ones are.
# profiles: c
s1  CONTROL quota-soft  /.*memory.*/
