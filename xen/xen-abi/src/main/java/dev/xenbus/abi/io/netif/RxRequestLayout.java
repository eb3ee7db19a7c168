package dev.xenbus.abi.io.netif;

import dev.xenbus.abi.io.RingPages;

/// A request of the rx ring: a page that takes a piece of a packet (`struct netif_rx_request`).
///
/// ```
///  0         2         4                   8
///  +---------+---------+-------------------+
///  |   id    |   pad   |       gref        |
///  +---------+---------+-------------------+
///    u16       u16       u32
/// ```
public final class RxRequestLayout {
  /// Offset of the number that the response repeats, 16 bits.
  public static final int ID = 0;

  /// Offset of the reference of the page, 32 bits.
  public static final int GREF = 4;

  /// Bytes of a request.
  public static final int BYTES = 8;

  private RxRequestLayout() {}

  /// Reads the number that the response repeats.
  public static int id(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + ID));
  }

  /// Reads the reference.
  public static int gref(RingPages ring, long slot) {
    return ring.getInt(slot + GREF);
  }

  /// Writes a request; the padding becomes 0.
  public static void write(RingPages ring, long slot, int id, int gref) {
    ring.setInt(slot + ID, id & 0xFFFF);
    ring.setInt(slot + GREF, gref);
  }
}
