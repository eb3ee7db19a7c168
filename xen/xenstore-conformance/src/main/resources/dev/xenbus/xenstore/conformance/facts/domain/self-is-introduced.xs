# The number for "myself" counts as introduced.
# profiles: c c17
s1  IS_DOMAIN_INTRODUCED 32752   [T]
