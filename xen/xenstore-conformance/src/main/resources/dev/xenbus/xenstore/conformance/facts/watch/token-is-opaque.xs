# A token is any bytes but NUL.
s1  WATCH /a "x y\xff/\t"   OK
s1  EVENT /a "x y\xff/\t"
