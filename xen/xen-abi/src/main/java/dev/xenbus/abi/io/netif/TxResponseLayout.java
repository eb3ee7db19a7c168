package dev.xenbus.abi.io.netif;

import dev.xenbus.abi.io.RingPages;

/// A response of the tx ring (`struct netif_tx_response`).
///
/// ```
///  0         2         4
///  +---------+---------+
///  |   id    | status  |
///  +---------+---------+
///    u16       s16
/// ```
///
/// Each data slot gets its own response, in any order. Each extra-info slot is answered by a filler
/// of status [#NULL] whose id means nothing.
public final class TxResponseLayout {
  /// Offset of the request's number, 16 bits.
  public static final int ID = 0;

  /// Offset of the status, 16 bits, signed.
  public static final int STATUS = 2;

  /// Bytes of a response.
  public static final int BYTES = 4;

  /// Status: sent (`XEN_NETIF_RSP_OKAY`).
  public static final int OKAY = 0;

  /// Status: not sent (`XEN_NETIF_RSP_ERROR`).
  public static final int ERROR = -1;

  /// Status: dropped; no backend says so (`XEN_NETIF_RSP_DROPPED`).
  public static final int DROPPED = -2;

  /// Status: answers an extra-info slot (`XEN_NETIF_RSP_NULL`).
  public static final int NULL = 1;

  private TxResponseLayout() {}

  /// Reads the number of the request that is answered.
  public static int id(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + ID));
  }

  /// Reads the status.
  public static int status(RingPages ring, long slot) {
    return ring.getShort(slot + STATUS);
  }

  /// Writes a response.
  public static void write(RingPages ring, long slot, int id, int status) {
    ring.setShort(slot + ID, (short) id);
    ring.setShort(slot + STATUS, (short) status);
  }

  /// Writes the answer of an extra-info slot; the id stays as it is.
  public static void writeFiller(RingPages ring, long slot) {
    ring.setShort(slot + STATUS, (short) NULL);
  }
}
