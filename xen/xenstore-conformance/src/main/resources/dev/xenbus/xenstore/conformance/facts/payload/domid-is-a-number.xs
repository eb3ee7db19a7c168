# A domid is a decimal number of at most 65535.
# profiles: c ocaml
# differs: 4.17 takes the leading digits of anything
s1  GET_DOMAIN_PATH 12abc    EINVAL  (ocaml: [/local/domain/12])
s1  GET_DOMAIN_PATH x        EINVAL  (ocaml: [/local/domain/0])
s1  GET_DOMAIN_PATH 65536    EINVAL  (ocaml: [/local/domain/65536])
s1  GET_DOMAIN_PATH -1       EINVAL  (ocaml: [/local/domain/1])
s1  GET_DOMAIN_PATH 65535    [/local/domain/65535]
