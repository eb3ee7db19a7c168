# A domid is a decimal number of at most 65535.
# profiles: c
# differs: 4.17 takes the leading digits of anything
s1  GET_DOMAIN_PATH 12abc    EINVAL
s1  GET_DOMAIN_PATH x        EINVAL
s1  GET_DOMAIN_PATH 65536    EINVAL
s1  GET_DOMAIN_PATH -1       EINVAL
s1  GET_DOMAIN_PATH 65535    [/local/domain/65535]
