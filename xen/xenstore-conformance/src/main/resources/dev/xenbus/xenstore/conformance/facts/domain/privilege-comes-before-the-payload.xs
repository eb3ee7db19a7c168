# A guest's privileged request is refused before its payload is read.
d5  RAW INTRODUCE ""            EACCES
d5  RAW RELEASE "x"             EACCES
d5  RAW IS_DOMAIN_INTRODUCED "" EACCES
