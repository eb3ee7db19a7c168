# WATCH_EVENT is not for clients to send.
s1  RAW 15 "a\0b\0" ENOSYS
s1  READ /          ""
