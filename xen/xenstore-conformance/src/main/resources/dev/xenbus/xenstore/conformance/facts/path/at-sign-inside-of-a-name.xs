# Within a path the @ is a character like others.
s1  WRITE /a/@b 1  OK
s1  DIRECTORY /a   [@b]
