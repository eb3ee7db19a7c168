# A node of a guest has at most 2047 bytes: 16, 8 for each entry, the value, and the children's names.
# profiles: c
# differs: 4.17 counts a header of 24; oxenstored bounds the value alone
d5  GET_DOMAIN_PATH 5     *
s1  MKDIR /p              OK
s1  SET_PERMS /p n5       OK
d5  WRITE /p {x*2023}     OK
d5  WRITE /p {x*2024}     ENOSPC
d5  READ /p               "{x*2023}"
