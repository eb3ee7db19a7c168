# A node without children lists nothing.
s1  WRITE /a 1     OK
s1  DIRECTORY /a   []
