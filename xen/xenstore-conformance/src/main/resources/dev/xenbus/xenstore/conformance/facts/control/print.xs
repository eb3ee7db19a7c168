# CONTROL print takes any text.
s1  CONTROL print hello OK
