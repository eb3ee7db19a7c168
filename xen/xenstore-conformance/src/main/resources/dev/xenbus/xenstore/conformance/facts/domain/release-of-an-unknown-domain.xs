# A domain that was not introduced cannot be released.
s1  RELEASE 77   ENOENT  (ocaml: EINVAL)
s1  RESUME 77    ENOENT  (ocaml: EINVAL)
