# A relative path and its absolute form are the same watch.
s1  WATCH xemu-foo t                      OK
s1  EVENT xemu-foo t
s1  WATCH /local/domain/0/xemu-foo t      EEXIST
s1  UNWATCH /local/domain/0/xemu-foo t    OK
s1  UNWATCH xemu-foo t                    ENOENT
