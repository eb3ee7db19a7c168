# A privileged connection's path is bounded by the frame alone.
# profiles: c
s1  READ /{x*3000}  ENOENT
s1  READ /{x*4000}  ENOENT
