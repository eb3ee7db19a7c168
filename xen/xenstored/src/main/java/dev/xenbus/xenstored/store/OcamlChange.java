package dev.xenbus.xenstored.store;

/// What a request changed, as oxenstored tells of it.
///
/// @param kind what was done
/// @param path to which node
/// @param before the root before that
@SuppressWarnings("ArrayRecordComponent") // lives until it is told; nobody compares it
record OcamlChange(Kind kind, byte[] path, Node before) {
  enum Kind {
    WRITE,
    MKDIR,
    RM,
    SET_PERMS
  }
}
