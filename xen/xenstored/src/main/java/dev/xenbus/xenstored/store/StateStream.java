package dev.xenbus.xenstored.store;

import dev.xenbus.abi.xenstore.XenstoreLimits;

/// The shape of a saved store: the state stream that the C daemon hands over at a live update and
/// writes as `state_dump` (`docs/designs/xenstore-migration.md`), version 2. Numbers in records are
/// little-endian, those of the preamble big-endian; each record's body is padded to 8 bytes.
final class StateStream {
  /// `xenstore`, the first eight bytes.
  static final byte[] MAGIC = Bytes.of("xenstore");

  static final int VERSION = 2;

  /// The flag of a stream whose records are big-endian.
  static final int BIG_ENDIAN_RECORDS = 1;

  static final int END = 0;
  static final int GLOBAL = 1;
  static final int CONNECTION = 2;
  static final int WATCH = 3;
  static final int TRANSACTION = 4;
  static final int NODE = 5;
  static final int GLOBAL_QUOTA = 6;
  static final int DOMAIN = 7;
  static final int WATCH_EXT = 8;

  /// The kind of a connection over a domain's ring; 1 is a socket.
  static final int RING = 0;

  /// The flag of an entry that never matches.
  static final int ENTRY_IGNORED = 1;

  static final int ALIGNMENT = 8;

  /// No record that a daemon of any kind writes is longer: a connection with all its output.
  static final int RECORD_BYTES_MAX = 1 << 24;

  /// A value came in a message.
  static final int VALUE_BYTES_MAX = XenstoreLimits.PAYLOAD_BYTES_MAX;

  private StateStream() {}

  static int padding(int length) {
    return -length & ALIGNMENT - 1;
  }
}
