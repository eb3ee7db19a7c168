# Features of a domain that is introduced cannot be changed.
# profiles: c
d5  GET_DOMAIN_PATH 5     *
s1  SET_FEATURE 5 4       EBUSY
