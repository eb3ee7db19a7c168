package dev.xenbus.linux.net;

/// The one's complement sum of IP, ICMP, TCP and UDP (RFC 1071).
final class InternetChecksum {
  private InternetChecksum() {}

  /// Adds the 16-bit words of a range to a sum; an odd last byte counts as a high byte.
  ///
  /// @param sum an unfolded sum so far
  static long add(long sum, byte[] bytes, int from, int length) {
    long total = sum;
    int at = from;
    int end = from + (length & ~1);
    while (at < end) {
      total += Wire.u16(bytes, at);
      at += 2;
    }
    if ((length & 1) != 0) {
      total += (long) Wire.u8(bytes, at) << 8;
    }
    return total;
  }

  /// Returns the sum of the pseudo header of TCP or UDP over IPv4.
  static long pseudoIpv4(int source, int destination, int protocol, int length) {
    return (source >>> 16)
        + (source & 0xFFFFL)
        + (destination >>> 16)
        + (destination & 0xFFFFL)
        + protocol
        + length;
  }

  /// Folds a sum to 16 bits, not complemented.
  static int fold(long sum) {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xFFFF) + (folded >>> 16);
    }
    return (int) folded;
  }

  /// Returns the checksum of a sum: folded and complemented.
  static int finish(long sum) {
    return ~fold(sum) & 0xFFFF;
  }

  /// Returns whether a range whose checksum is inside of it is right.
  static boolean isRight(long initial, byte[] bytes, int from, int length) {
    return fold(add(initial, bytes, from, length)) == 0xFFFF;
  }
}
