# A guest's relative watch hears what the toolstack writes into the guest's folder.
s1  MKDIR /local/domain/5                             OK
s1  SET_PERMS /local/domain/5 n5                      OK
d5  WATCH device t                                    OK
d5  EVENT device t
s1  WRITE /local/domain/5/device/vbd/1/state 1        OK
d5  EVENT device/vbd/1/state t
