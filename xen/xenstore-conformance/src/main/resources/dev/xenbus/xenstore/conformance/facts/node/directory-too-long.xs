# A list of names that no frame holds is E2BIG.
# profiles: c c17
# differs: oxenstored sends a longer frame on a socket
s1  200x WRITE /a/{y*40}-{n} 1  OK
s1  DIRECTORY /a                E2BIG
