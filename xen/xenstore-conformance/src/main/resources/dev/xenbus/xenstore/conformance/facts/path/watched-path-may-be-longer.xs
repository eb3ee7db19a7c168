# The length of a watched path is not limited.
# profiles: c ocaml
s1  WATCH /{x*3000} t      OK
s1  EVENT /{x*3000} t
s1  UNWATCH /{x*3000} t    OK
