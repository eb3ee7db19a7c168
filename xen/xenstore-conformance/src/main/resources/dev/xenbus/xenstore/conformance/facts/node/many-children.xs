# A folder may have a great many children.
s1  1000x WRITE /a/c{n} {n}  OK
s1  READ /a/c1               "1"
s1  READ /a/c1000            "1000"
s1  RM /a/c500               OK
s1  READ /a/c500             ENOENT
s1  READ /a/c501             "501"
