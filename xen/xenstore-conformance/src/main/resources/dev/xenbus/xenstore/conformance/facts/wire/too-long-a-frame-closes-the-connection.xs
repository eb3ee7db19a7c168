# A header that announces more than 4096 bytes ends the connection without a reply; others stay.
# profiles: c c17
# differs: oxenstored takes 4096 of them and is out of step from then on
s1  BYTES "\x02\0\0\0\x01\0\0\0\0\0\0\0\x01\x10\0\0"
s1  CLOSED
s2  READ  / ""
