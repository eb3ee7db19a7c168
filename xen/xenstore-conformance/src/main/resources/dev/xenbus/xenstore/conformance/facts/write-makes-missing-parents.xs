# Writing a node makes its missing parents, each with an empty value.
s1  WRITE  /a/b/c hello  OK
s1  READ   /a            ""
s1  READ   /a/b          ""
s1  READ   /a/b/c        "hello"
