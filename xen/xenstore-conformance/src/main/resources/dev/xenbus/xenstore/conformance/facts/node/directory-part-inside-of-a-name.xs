# An offset counts bytes; within a name the rest of it is given.
# profiles: c c17
s1  WRITE /a/abc 1          OK
s1  WRITE /a/d 1            OK
s1  DIRECTORY_PART /a 1     /[0-9]+\nbc\nd\n\n/
s1  DIRECTORY_PART /a 4     /[0-9]+\nd\n\n/
