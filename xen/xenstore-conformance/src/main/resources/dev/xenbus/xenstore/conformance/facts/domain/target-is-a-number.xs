# SET_TARGET takes domids that are numbers.
# profiles: c
# differs: 4.17 and oxenstored take the digits that they find
d5  GET_DOMAIN_PATH 5    *
s1  SET_TARGET x 5       EINVAL
s1  SET_TARGET 5 x       EINVAL
