# CONTROL log shows and sets the switches.
# profiles: c
s1  CONTROL log         /Log switch settings:\n.*/
s1  CONTROL log on      OK
s1  CONTROL log off     OK
