# A value is bytes: NULs and bytes above 127 come back as they are.
s1  WRITE /a "x\0y\0\0\xff\x80\n"  OK
s1  READ  /a "x\0y\0\0\xff\x80\n"
