# Missing parents are made with empty values.
s1  WRITE /a/b/c hello  OK
s1  READ  /a            ""
s1  READ  /a/b          ""
s1  READ  /a/b/c        "hello"
s1  DIRECTORY /a        [b]
s1  DIRECTORY /a/b      [c]
