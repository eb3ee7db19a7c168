# A domain that is introduced may be introduced again, as it was.
d5   GET_DOMAIN_PATH 5   [/local/domain/5]
s1   INTRODUCE 5 1 1     OK
s1   IS_DOMAIN_INTRODUCED 5  [T]
