package dev.xenbus.abi.io.netif;

import dev.xenbus.abi.io.RingPages;

/// A response of the rx ring: a piece of a packet that the guest receives
/// (`struct netif_rx_response`).
///
/// ```
///  0         2         4         6         8
///  +---------+---------+---------+---------+
///  |   id    | offset  |  flags  | status  |
///  +---------+---------+---------+---------+
///    u16       u16       u16       s16
/// ```
///
/// The response to the request of slot i stands in slot i. A status above 0 is a number of bytes,
/// one below 0 an error. An extra-info slot may stand in the place of the second and following
/// responses of a packet. The two checksum flags have other bits than in a tx request.
public final class RxResponseLayout {
  /// Offset of the request's number, 16 bits.
  public static final int ID = 0;

  /// Offset of the first byte's place in the page, 16 bits.
  public static final int OFFSET = 2;

  /// Offset of the flags, 16 bits.
  public static final int FLAGS = 4;

  /// Offset of the status, 16 bits, signed.
  public static final int STATUS = 6;

  /// Bytes of a response.
  public static final int BYTES = 8;

  /// Flag: the checksum was validated (`XEN_NETRXF_data_validated`).
  public static final int DATA_VALIDATED = 1;

  /// Flag: the checksum field is blank (`XEN_NETRXF_csum_blank`).
  public static final int CSUM_BLANK = 2;

  /// Flag: the packet goes on in the next data slot (`XEN_NETRXF_more_data`).
  public static final int MORE_DATA = 4;

  /// Flag: extra info follows this slot (`XEN_NETRXF_extra_info`).
  public static final int EXTRA_INFO = 8;

  /// Flag: this slot announces a segmentation, in the old way (`XEN_NETRXF_gso_prefix`).
  public static final int GSO_PREFIX = 16;

  /// Status: not delivered (`XEN_NETIF_RSP_ERROR`).
  public static final int ERROR = -1;

  private RxResponseLayout() {}

  /// Reads the number of the request that is answered.
  public static int id(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + ID));
  }

  /// Reads where the data start in their page.
  public static int offset(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + OFFSET));
  }

  /// Reads the flags.
  public static int flags(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + FLAGS));
  }

  /// Reads the status.
  public static int status(RingPages ring, long slot) {
    return ring.getShort(slot + STATUS);
  }

  /// Changes the status of a response that was written before.
  public static void setStatus(RingPages ring, long slot, int status) {
    ring.setShort(slot + STATUS, (short) status);
  }

  /// Writes a whole response.
  public static void write(RingPages ring, long slot, int id, int offset, int flags, int status) {
    ring.setShort(slot + ID, (short) id);
    ring.setShort(slot + OFFSET, (short) offset);
    ring.setShort(slot + FLAGS, (short) flags);
    ring.setShort(slot + STATUS, (short) status);
  }
}
