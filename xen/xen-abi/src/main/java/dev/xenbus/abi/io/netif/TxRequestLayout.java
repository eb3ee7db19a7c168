package dev.xenbus.abi.io.netif;

import dev.xenbus.abi.io.RingPages;

/// A request of the tx ring: one piece of a packet that the guest sends
/// (`struct netif_tx_request`).
///
/// ```
///  0        4         6         8         10        12
///  +--------+---------+---------+---------+---------+
///  |  gref  | offset  |  flags  |   id    |  size   |
///  +--------+---------+---------+---------+---------+
///    u32      u16       u16       u16       u16
/// ```
///
/// The first slot's `size` is that of the whole packet, each further slot's its own. An extra-info
/// slot ([ExtraInfoLayout]) may stand in the place of the second and following requests.
public final class TxRequestLayout {
  /// Offset of the reference of the page with the data, 32 bits.
  public static final int GREF = 0;

  /// Offset of the first byte's place in that page, 16 bits.
  public static final int OFFSET = 4;

  /// Offset of the flags, 16 bits.
  public static final int FLAGS = 6;

  /// Offset of the number that the response repeats, 16 bits.
  public static final int ID = 8;

  /// Offset of the size in bytes, 16 bits.
  public static final int SIZE = 10;

  /// Bytes of a request.
  public static final int BYTES = 12;

  /// Flag: the checksum field is blank (`XEN_NETTXF_csum_blank`).
  public static final int CSUM_BLANK = 1;

  /// Flag: the checksum was validated (`XEN_NETTXF_data_validated`).
  public static final int DATA_VALIDATED = 2;

  /// Flag: the packet goes on in the next data slot (`XEN_NETTXF_more_data`).
  public static final int MORE_DATA = 4;

  /// Flag: extra info follows this slot (`XEN_NETTXF_extra_info`).
  public static final int EXTRA_INFO = 8;

  private TxRequestLayout() {}

  /// Reads the reference of the slot at the given offset.
  public static int gref(RingPages ring, long slot) {
    return ring.getInt(slot + GREF);
  }

  /// Reads where the data start in their page.
  public static int offset(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + OFFSET));
  }

  /// Reads the flags.
  public static int flags(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + FLAGS));
  }

  /// Reads the number that the response repeats.
  public static int id(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + ID));
  }

  /// Reads the size in bytes.
  public static int size(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + SIZE));
  }

  /// Writes a whole request; of all but `gref` the low 16 bits.
  public static void write(
      RingPages ring, long slot, int gref, int offset, int flags, int id, int size) {
    ring.setInt(slot + GREF, gref);
    ring.setShort(slot + OFFSET, (short) offset);
    ring.setShort(slot + FLAGS, (short) flags);
    ring.setShort(slot + ID, (short) id);
    ring.setShort(slot + SIZE, (short) size);
  }
}
