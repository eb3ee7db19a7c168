# The event of an introduction comes before the reply.
s1  WATCH @introduceDomain i   OK
s1  EVENT @introduceDomain i
s1  INTRODUCE 7 1 1            OK
s1  EVENT_BEFORE @introduceDomain i
