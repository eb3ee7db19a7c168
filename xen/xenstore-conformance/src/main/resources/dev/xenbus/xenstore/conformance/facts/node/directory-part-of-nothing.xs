# A node without children gives the generation and an empty name.
# profiles: c c17
s1  MKDIR /a                 OK
s1  DIRECTORY_PART /a 0      /[0-9]+\n\n/
s1  DIRECTORY_PART /b 0      ENOENT
