# A name with @ is that of a child of the root.
# profiles: ocaml
# differs: with the C daemon nobody sees them
s1  READ @releaseDomain           ""
s1  READ /@releaseDomain          ""
s1  GET_PERMS /@introduceDomain   [n0]
s1  DIRECTORY /                   /@introduceDomain\n@releaseDomain\n.*/
s1  WRITE @xemu-name 1            OK
s1  READ /@xemu-name              "1"
s1  MKDIR /@xemu-name/x           OK
s1  DIRECTORY @xemu-name          [x]
s1  RM @xemu-name                 OK
s1  READ @xemu-name               ENOENT
s1  GET_PERMS @xemu-name          ENOENT
