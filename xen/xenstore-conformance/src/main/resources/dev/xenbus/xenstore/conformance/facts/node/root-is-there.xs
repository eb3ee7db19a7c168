# The root exists, is empty, and belongs to domain 0.
s1  READ /       ""
s1  GET_PERMS /  [n0]
