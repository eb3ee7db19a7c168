# DIRECTORY_PART wants exactly a path and an offset.
# profiles: c c17
s1  RAW DIRECTORY_PART "/\0"         EINVAL
s1  RAW DIRECTORY_PART "/\0000\00\0" EINVAL
