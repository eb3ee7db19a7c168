# A guest's path has at most 2047 bytes, the domain's own prefix not counted.
# profiles: c
# differs: 4.17 lets everybody have 2048; oxenstored 1024
s1  MKDIR /local/domain/5                       OK
s1  SET_PERMS /local/domain/5 n5                OK
d5  READ /local/domain/5/{x*2047}               ENOENT
d5  READ /local/domain/5/{x*2048}               EINVAL
d5  READ {x*2047}                               ENOENT
d5  READ /{x*2047}                              EINVAL
