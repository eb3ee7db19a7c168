package dev.xenbus.abi.io.netif;

import dev.xenbus.abi.io.RingPages;

/// A slot of either data ring that says more about a packet (`struct netif_extra_info`).
///
/// ```
///  0      1       2                                 8          12
///  +------+-------+---------------------------------+----------+
///  | type | flags |             payload             |  (tx)    |
///  +------+-------+---------------------------------+----------+
///
///  2              4        5       6               8
///  +--------------+--------+-------+---------------+
///  |   size u16   | type u8|  pad  | features u16  |  GSO
///  +--------------+--------+-------+---------------+
///  |  address, 6 bytes, first byte first           |  MCAST_ADD, MCAST_DEL
///  +-------+------+--------------------------------+
///  |type u8|alg u8|          value u32             |  HASH (offsets 2, 3, 4)
///  +-------+------+-----------------+--------------+
///  |  headroom u16|       pad                      |  XDP
///  +--------------+--------------------------------+
/// ```
///
/// In a tx ring it is padded to the slot's 12 bytes.
public final class ExtraInfoLayout {
  /// Offset of the type, 8 bits.
  public static final int TYPE = 0;

  /// Offset of the flags, 8 bits.
  public static final int FLAGS = 1;

  /// Offset of a GSO's segment size, 16 bits.
  public static final int GSO_SIZE = 2;

  /// Offset of a GSO's kind, 8 bits.
  public static final int GSO_TYPE = 4;

  /// Offset of a GSO's features, 16 bits; none is defined.
  public static final int GSO_FEATURES = 6;

  /// Offset of a multicast address, 6 bytes.
  public static final int MCAST_ADDRESS = 2;

  /// Offset of a hash's kind, 8 bits.
  public static final int HASH_TYPE = 2;

  /// Offset of a hash's algorithm, 8 bits.
  public static final int HASH_ALGORITHM = 3;

  /// Offset of a hash's value, 32 bits.
  public static final int HASH_VALUE = 4;

  /// Offset of the headroom of XDP, 16 bits.
  public static final int XDP_HEADROOM = 2;

  /// Bytes of an extra info.
  public static final int BYTES = 8;

  /// Flag: another extra info follows (`XEN_NETIF_EXTRA_FLAG_MORE`).
  public static final int MORE = 1;

  /// Type: none; not to be sent.
  public static final int TYPE_NONE = 0;

  /// Type: segmentation is left to the receiver.
  public static final int TYPE_GSO = 1;

  /// Type: adds an address to the multicast filter.
  public static final int TYPE_MCAST_ADD = 2;

  /// Type: takes an address off the multicast filter.
  public static final int TYPE_MCAST_DEL = 3;

  /// Type: the packet's hash.
  public static final int TYPE_HASH = 4;

  /// Type: the room in front of the data.
  public static final int TYPE_XDP = 5;

  /// The highest type.
  public static final int TYPE_MAX = TYPE_XDP;

  /// Kind of GSO: none.
  public static final int GSO_NONE = 0;

  /// Kind of GSO: TCP over IPv4.
  public static final int GSO_TCPV4 = 1;

  /// Kind of GSO: TCP over IPv6.
  public static final int GSO_TCPV6 = 2;

  /// Kind of hash: IPv4 addresses.
  public static final int HASH_IPV4 = 0;

  /// Kind of hash: IPv4 addresses and TCP ports.
  public static final int HASH_IPV4_TCP = 1;

  /// Kind of hash: IPv6 addresses.
  public static final int HASH_IPV6 = 2;

  /// Kind of hash: IPv6 addresses and TCP ports.
  public static final int HASH_IPV6_TCP = 3;

  private ExtraInfoLayout() {}

  /// Reads the type.
  public static int type(RingPages ring, long slot) {
    return Byte.toUnsignedInt(ring.getByte(slot + TYPE));
  }

  /// Reads the flags.
  public static int flags(RingPages ring, long slot) {
    return Byte.toUnsignedInt(ring.getByte(slot + FLAGS));
  }

  /// Reads a GSO's segment size.
  public static int gsoSize(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + GSO_SIZE));
  }

  /// Reads a GSO's kind.
  public static int gsoType(RingPages ring, long slot) {
    return Byte.toUnsignedInt(ring.getByte(slot + GSO_TYPE));
  }

  /// Reads a multicast address: 48 bits, first byte highest.
  public static long mcastAddress(RingPages ring, long slot) {
    long address = 0;
    for (int index = 0; index < 6; index++) {
      address = address << 8 | Byte.toUnsignedLong(ring.getByte(slot + MCAST_ADDRESS + index));
    }
    return address;
  }

  /// Reads a hash's kind.
  public static int hashType(RingPages ring, long slot) {
    return Byte.toUnsignedInt(ring.getByte(slot + HASH_TYPE));
  }

  /// Reads a hash's algorithm.
  public static int hashAlgorithm(RingPages ring, long slot) {
    return Byte.toUnsignedInt(ring.getByte(slot + HASH_ALGORITHM));
  }

  /// Reads a hash's value.
  public static int hashValue(RingPages ring, long slot) {
    return ring.getInt(slot + HASH_VALUE);
  }

  /// Reads the headroom of XDP.
  public static int xdpHeadroom(RingPages ring, long slot) {
    return Short.toUnsignedInt(ring.getShort(slot + XDP_HEADROOM));
  }

  /// Writes a GSO.
  public static void writeGso(RingPages ring, long slot, int flags, int type, int size) {
    writeHeader(ring, slot, TYPE_GSO, flags);
    ring.setShort(slot + GSO_SIZE, (short) size);
    ring.setByte(slot + GSO_TYPE, (byte) type);
    ring.setByte(slot + GSO_TYPE + 1, (byte) 0);
    ring.setShort(slot + GSO_FEATURES, (short) 0);
  }

  /// Writes a change of the multicast filter.
  ///
  /// @param type [#TYPE_MCAST_ADD] or [#TYPE_MCAST_DEL]
  /// @param address 48 bits, first byte highest
  public static void writeMcast(RingPages ring, long slot, int flags, int type, long address) {
    writeHeader(ring, slot, type, flags);
    for (int index = 0; index < 6; index++) {
      ring.setByte(slot + MCAST_ADDRESS + index, (byte) (address >> (40 - 8 * index)));
    }
  }

  /// Writes a hash.
  public static void writeHash(
      RingPages ring, long slot, int flags, int type, int algorithm, int value) {
    writeHeader(ring, slot, TYPE_HASH, flags);
    ring.setByte(slot + HASH_TYPE, (byte) type);
    ring.setByte(slot + HASH_ALGORITHM, (byte) algorithm);
    ring.setInt(slot + HASH_VALUE, value);
  }

  /// Writes the headroom of XDP.
  public static void writeXdp(RingPages ring, long slot, int flags, int headroom) {
    writeHeader(ring, slot, TYPE_XDP, flags);
    ring.setShort(slot + XDP_HEADROOM, (short) headroom);
    ring.setInt(slot + XDP_HEADROOM + Short.BYTES, 0);
  }

  /// Sets the flags of an extra info that was written before.
  public static void setFlags(RingPages ring, long slot, int flags) {
    ring.setByte(slot + FLAGS, (byte) flags);
  }

  private static void writeHeader(RingPages ring, long slot, int type, int flags) {
    ring.setByte(slot + TYPE, (byte) type);
    ring.setByte(slot + FLAGS, (byte) flags);
  }
}
