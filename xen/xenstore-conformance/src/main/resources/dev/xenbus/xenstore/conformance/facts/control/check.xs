# A consistency check can be asked for.
s1  CONTROL check   OK
