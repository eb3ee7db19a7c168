# The number of nodes is bounded for guests alone.
s1  1100x MKDIR /p/{n}   OK
s1  READ /p/1100         ""
