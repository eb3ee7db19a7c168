# GET_QUOTA gives a quota's value, SET_QUOTA sets it.
# profiles: c
s1  GET_QUOTA watches        [128]
s1  SET_QUOTA watches 200    OK
s1  GET_QUOTA watches        [200]
s1  SET_QUOTA watches 128    OK
s1  GET_QUOTA nonsense       EINVAL
s1  SET_QUOTA watches x      EINVAL
