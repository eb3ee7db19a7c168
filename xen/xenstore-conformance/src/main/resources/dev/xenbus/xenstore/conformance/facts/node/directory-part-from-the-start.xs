# DIRECTORY_PART gives the generation, the names, and an empty name at the end.
# profiles: c c17
s1  WRITE /a/b 1            OK
s1  WRITE /a/c 1            OK
s1  DIRECTORY_PART /a 0     /[0-9]+\nb\nc\n\n/
