# RESET_WATCHES does not look at its payload.
s1  RAW RESET_WATCHES "\0"     OK
s1  RAW RESET_WATCHES "x\0y"   OK
