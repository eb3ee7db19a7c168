# DIRECTORY_PART is unknown.
# profiles: ocaml
s1      DIRECTORY_PART / 0    ENOSYS
s1:77   DIRECTORY_PART / 0    EIO
