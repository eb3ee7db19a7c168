# GET_DOMAIN_PATH looks at the number alone; the domain need not exist.
s1  GET_DOMAIN_PATH 9999  [/local/domain/9999]
s1  GET_DOMAIN_PATH 0     [/local/domain/0]
