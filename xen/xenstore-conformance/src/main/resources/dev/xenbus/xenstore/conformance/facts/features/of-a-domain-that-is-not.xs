# Features and quotas of a domain that does not exist are ENOENT.
# profiles: c
xen KILL 77
s1  GET_FEATURE 77        ENOENT
s1  SET_FEATURE 77 4      ENOENT
s1  GET_QUOTA 77 watches  ENOENT
