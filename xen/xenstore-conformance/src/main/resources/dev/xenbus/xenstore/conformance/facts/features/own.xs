# GET_FEATURE says what the server offers.
# profiles: c
s1  RAW GET_FEATURE ""   [14]
