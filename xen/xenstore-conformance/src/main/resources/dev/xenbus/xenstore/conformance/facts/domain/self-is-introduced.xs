# The number for "myself" counts as introduced.
s1  IS_DOMAIN_INTRODUCED 32752   [T]
