# A part has as many whole names as a frame holds, and no empty name until the end.
# profiles: c c17
s1  200x WRITE /a/{y*40}-{n} 1   OK
s1  DIRECTORY_PART /a 0          /[0-9]+\n(y{40}-[0-9]+\n){85,96}/
s1  DIRECTORY_PART /a 8600       /[0-9]+\n[y0-9-]*\n(y{40}-[0-9]+\n)*\n/
