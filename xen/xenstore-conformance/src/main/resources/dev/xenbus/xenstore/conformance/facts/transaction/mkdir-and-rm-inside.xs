# A transaction sees what it made and removed itself.
s1    WRITE  /a/b 1    OK
s1    START  t         *
s1:t  RM     /a        OK
s1:t  READ   /a/b      ENOENT
s1:t  MKDIR  /a/c      OK
s1:t  DIRECTORY /a     [c]
s1:t  COMMIT           OK
s1    DIRECTORY /a     [c]
s1    READ   /a/b      ENOENT
