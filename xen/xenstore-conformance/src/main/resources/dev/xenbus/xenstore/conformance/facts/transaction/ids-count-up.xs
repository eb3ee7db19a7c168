# A connection's transactions are numbered from 1.
s1  START a     [1]
s1  START b     [2]
s2  START c     [1]
