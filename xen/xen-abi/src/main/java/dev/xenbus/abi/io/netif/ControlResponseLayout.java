package dev.xenbus.abi.io.netif;

import dev.xenbus.abi.io.RingPages;

/// A response of the control ring (`struct xen_netif_ctrl_response`).
///
/// ```
///  0         2         4           8           12
///  +---------+---------+-----------+-----------+
///  |   id    |  type   |  status   |   data    |
///  +---------+---------+-----------+-----------+
///    u16       u16       u32         u32
/// ```
public final class ControlResponseLayout {
  /// Offset of the request's number, 16 bits.
  public static final int ID = 0;

  /// Offset of the request's type, 16 bits.
  public static final int TYPE = 2;

  /// Offset of the status, 32 bits.
  public static final int STATUS = 4;

  /// Offset of the result, 32 bits.
  public static final int DATA = 8;

  /// Bytes of a response.
  public static final int BYTES = 12;

  /// Status: done.
  public static final int SUCCESS = 0;

  /// Status: this backend does not offer it.
  public static final int NOT_SUPPORTED = 1;

  /// Status: an argument makes no sense.
  public static final int INVALID_PARAMETER = 2;

  /// Status: more data than there is room.
  public static final int BUFFER_OVERFLOW = 3;

  private ControlResponseLayout() {}

  /// Reads the number of the request that is answered.
  public static int id(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + ID));
  }

  /// Reads the type of the request that is answered.
  public static int type(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + TYPE));
  }

  /// Reads the status.
  public static int status(RingPages ring, long slot) {
    return ring.getInt(slot + STATUS);
  }

  /// Reads the result.
  public static int data(RingPages ring, long slot) {
    return ring.getInt(slot + DATA);
  }

  /// Writes a response.
  public static void write(RingPages ring, long slot, int id, int type, int status, int data) {
    ring.setShort(slot + ID, (short) id);
    ring.setShort(slot + TYPE, (short) type);
    ring.setInt(slot + STATUS, status);
    ring.setInt(slot + DATA, data);
  }
}
