# An event whose path and token do not fit a frame is dropped without an error.
# profiles: c c17
s1  WATCH / {t*4000}         OK
s1  EVENT / {t*4000}
s2  WRITE /{p*200} 1         OK
s1  NONE
s2  WRITE /ok 1              OK
s1  EVENT /ok {t*4000}
