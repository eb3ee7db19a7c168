# The event that a write causes on its own connection comes before the write's reply.
# profiles: c c17
# differs: oxenstored and QEMU send the reply first
s1  WATCH  /a t    OK
s1  EVENT  /a t
s1  WRITE  /a 1    OK
s1  EVENT_BEFORE  /a t
