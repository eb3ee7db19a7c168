# ERROR is not for clients to send.
s1  RAW 16 "ENOENT\0" ENOSYS
s1  READ /          ""
