package dev.xenbus.linux.net;

/// Numbers in network byte order inside of a frame, and the constants of the headers.
final class Wire {
  /// Bytes of an Ethernet header: destination, source, type.
  static final int ETHERNET_BYTES = 14;

  /// Ethernet type of IPv4.
  static final int TYPE_IPV4 = 0x0800;

  /// Ethernet type of ARP.
  static final int TYPE_ARP = 0x0806;

  /// Ethernet type of IPv6.
  static final int TYPE_IPV6 = 0x86DD;

  /// The bit that makes an Ethernet address a group's.
  static final long GROUP_BIT = 0x0100_0000_0000L;

  /// Bytes of an IPv4 header without options.
  static final int IPV4_BYTES = 20;

  /// Bytes of an IPv6 header.
  static final int IPV6_BYTES = 40;

  /// IP protocol number of ICMP.
  static final int PROTOCOL_ICMP = 1;

  /// IP protocol number of TCP.
  static final int PROTOCOL_TCP = 6;

  /// IP protocol number of UDP.
  static final int PROTOCOL_UDP = 17;

  private Wire() {}

  static int u8(byte[] bytes, int at) {
    return bytes[at] & 0xFF;
  }

  static int u16(byte[] bytes, int at) {
    return (u8(bytes, at) << 8) | u8(bytes, at + 1);
  }

  static int u32(byte[] bytes, int at) {
    return (u16(bytes, at) << 16) | u16(bytes, at + 2);
  }

  static long u48(byte[] bytes, int at) {
    return ((long) u16(bytes, at) << 32) | (u32(bytes, at + 2) & 0xFFFF_FFFFL);
  }

  static void put8(byte[] bytes, int at, int value) {
    bytes[at] = (byte) value;
  }

  static void put16(byte[] bytes, int at, int value) {
    put8(bytes, at, value >> 8);
    put8(bytes, at + 1, value);
  }

  static void put32(byte[] bytes, int at, int value) {
    put16(bytes, at, value >> 16);
    put16(bytes, at + 2, value);
  }

  static void put48(byte[] bytes, int at, long value) {
    put16(bytes, at, (int) (value >> 32));
    put32(bytes, at + 2, (int) value);
  }

  /// Writes an Ethernet header to the start of a frame.
  static void ethernet(byte[] frame, long destination, long source, int type) {
    put48(frame, 0, destination);
    put48(frame, 6, source);
    put16(frame, 12, type);
  }
}
