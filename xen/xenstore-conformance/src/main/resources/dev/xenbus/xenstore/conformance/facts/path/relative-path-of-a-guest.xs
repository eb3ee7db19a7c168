# A guest's relative path is below /local/domain/<its id>.
s1  WRITE /local/domain/5/x 1             OK
s1  SET_PERMS /local/domain/5/x n5        OK
d5  READ  x                               "1"
d5  WRITE x 2                             OK
s1  READ /local/domain/5/x                "2"
