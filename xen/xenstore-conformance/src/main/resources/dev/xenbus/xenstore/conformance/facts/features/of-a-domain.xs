# Only domain 0 may ask for a domain's features.
# profiles: c
d5  GET_DOMAIN_PATH 5     *
s1  GET_FEATURE 5         /[0-9]+\n/
d5  GET_FEATURE 5         EACCES
