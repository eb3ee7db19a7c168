# Names that begin with @ are no nodes.
# profiles: c c17
# differs: oxenstored keeps them as children of the root
s1  READ @releaseDomain       EINVAL
s1  WRITE @nonsense x         EINVAL
s1  MKDIR @nonsense           EINVAL
s1  RM @releaseDomain         EINVAL
