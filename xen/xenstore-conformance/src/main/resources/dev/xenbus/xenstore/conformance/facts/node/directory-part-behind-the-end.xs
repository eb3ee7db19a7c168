# An offset at the end of the list or behind it gives the generation and an empty name.
# profiles: c c17
s1  WRITE /a/b 1             OK
s1  DIRECTORY_PART /a 2      /[0-9]+\n\n/
s1  DIRECTORY_PART /a 99999  /[0-9]+\n\n/
