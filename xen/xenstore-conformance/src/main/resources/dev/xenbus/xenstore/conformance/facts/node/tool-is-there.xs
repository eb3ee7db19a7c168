# A new store has /tool/xenstored.
# profiles: c c17
s1  READ /tool             ""
s1  READ /tool/xenstored   ""
s1  GET_PERMS /tool        [n0]
