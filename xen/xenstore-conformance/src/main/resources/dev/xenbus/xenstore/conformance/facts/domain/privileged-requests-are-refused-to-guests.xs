# A guest may not introduce, release, resume, retarget, ask for domains or control.
d5  INTRODUCE 7 1 1           EACCES
d5  RELEASE 7                 EACCES
d5  RESUME 7                  EACCES
d5  SET_TARGET 5 7            EACCES
d5  IS_DOMAIN_INTRODUCED 7    EACCES
d5  CONTROL help              EACCES  (ocaml: OK)
