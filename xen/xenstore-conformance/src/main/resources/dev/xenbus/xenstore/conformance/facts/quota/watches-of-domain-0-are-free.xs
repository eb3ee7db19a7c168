# A privileged connection may have more watches.
s1  300x WATCH /a t{n}   OK
