package dev.xenbus.abi.io.netif;

import dev.xenbus.abi.io.RingPages;

/// A request of the control ring (`struct xen_netif_ctrl_request`).
///
/// ```
///  0         2         4           8           12          16
///  +---------+---------+-----------+-----------+-----------+
///  |   id    |  type   |  data[0]  |  data[1]  |  data[2]  |
///  +---------+---------+-----------+-----------+-----------+
///    u16       u16       u32         u32         u32
/// ```
public final class ControlRequestLayout {
  /// Offset of the number that the response repeats, 16 bits.
  public static final int ID = 0;

  /// Offset of the type, 16 bits.
  public static final int TYPE = 2;

  /// Offset of the first of three arguments of 32 bits.
  public static final int DATA = 4;

  /// Bytes of a request.
  public static final int BYTES = 16;

  /// Type: which kinds of hash are supported.
  public static final int GET_HASH_FLAGS = 1;

  /// Type: which kinds of hash are to be computed; data\[0\] is the flags.
  public static final int SET_HASH_FLAGS = 2;

  /// Type: sets the hash key; data\[0\] is a reference, data\[1\] a length.
  public static final int SET_HASH_KEY = 3;

  /// Type: how many entries the mapping may have.
  public static final int GET_HASH_MAPPING_SIZE = 4;

  /// Type: how many entries the mapping has; data\[0\].
  public static final int SET_HASH_MAPPING_SIZE = 5;

  /// Type: sets entries; data\[0\] is a reference, data\[1\] a count, data\[2\] the first entry.
  public static final int SET_HASH_MAPPING = 6;

  /// Type: sets the algorithm; data\[0\].
  public static final int SET_HASH_ALGORITHM = 7;

  /// Type: how many references may stay mapped; no Linux backend offers it.
  public static final int GET_GREF_MAPPING_SIZE = 8;

  /// Type: maps references.
  public static final int ADD_GREF_MAPPING = 9;

  /// Type: unmaps references.
  public static final int DEL_GREF_MAPPING = 10;

  /// Algorithm: none.
  public static final int ALGORITHM_NONE = 0;

  /// Algorithm: Toeplitz.
  public static final int ALGORITHM_TOEPLITZ = 1;

  /// All kinds of hash: IPv4 1, with TCP 2, IPv6 4, with TCP 8.
  public static final int HASH_FLAGS_ALL = 15;

  private ControlRequestLayout() {}

  /// Reads the number that the response repeats.
  public static int id(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + ID));
  }

  /// Reads the type.
  public static int type(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + TYPE));
  }

  /// Reads an argument.
  ///
  /// @param index 0 to 2
  public static int data(RingPages ring, long slot, int index) {
    return ring.getInt(slot + DATA + 4L * index);
  }

  /// Writes a request.
  public static void write(
      RingPages ring, long slot, int id, int type, int data0, int data1, int data2) {
    ring.setShort(slot + ID, (short) id);
    ring.setShort(slot + TYPE, (short) type);
    ring.setInt(slot + DATA, data0);
    ring.setInt(slot + DATA + 4, data1);
    ring.setInt(slot + DATA + 8, data2);
  }
}
