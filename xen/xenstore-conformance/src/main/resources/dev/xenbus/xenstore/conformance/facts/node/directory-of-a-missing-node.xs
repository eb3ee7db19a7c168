# A node that is not there cannot be listed.
s1  DIRECTORY /a   ENOENT
