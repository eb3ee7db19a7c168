package dev.xenbus.linux.net;

import org.jspecify.annotations.Nullable;

/// Where the TCP or UDP header of a frame is; made only of headers that lie within the frame.
///
/// @param isIpv6 whether the network header is IPv6's
/// @param protocol TCP's or UDP's number
/// @param at first byte of the transport header
/// @param end first byte after the IP packet
record Transport(boolean isIpv6, int protocol, int at, int end) {
  private static final int TCP_BYTES_MIN = 20;
  private static final int UDP_BYTES = 8;

  /// Finds the header; null if the frame has none, or lies about its lengths.
  static @Nullable Transport of(byte[] frame, int length) {
    if (length < Wire.ETHERNET_BYTES) {
      return null;
    }
    Transport found =
        switch (Wire.u16(frame, 12)) {
          case Wire.TYPE_IPV4 -> ofIpv4(frame, length);
          case Wire.TYPE_IPV6 -> ofIpv6(frame, length);
          default -> null;
        };
    if (found == null) {
      return null;
    }
    int bytesMin = found.protocol == Wire.PROTOCOL_TCP ? TCP_BYTES_MIN : UDP_BYTES;
    boolean isKnown = found.protocol == Wire.PROTOCOL_TCP || found.protocol == Wire.PROTOCOL_UDP;
    return isKnown && found.end - found.at >= bytesMin ? found : null;
  }

  private static @Nullable Transport ofIpv4(byte[] frame, int length) {
    int ip = Wire.ETHERNET_BYTES;
    if (length < ip + Wire.IPV4_BYTES) {
      return null;
    }
    int headerBytes = (frame[ip] & 15) * 4;
    int end = ip + Wire.u16(frame, ip + 2);
    if (headerBytes < Wire.IPV4_BYTES || end > length || ip + headerBytes > end) {
      return null;
    }
    return new Transport(false, Wire.u8(frame, ip + 9), ip + headerBytes, end);
  }

  /// Extension headers are not looked behind: nobody sends them with a blank checksum.
  private static @Nullable Transport ofIpv6(byte[] frame, int length) {
    int ip = Wire.ETHERNET_BYTES;
    if (length < ip + Wire.IPV6_BYTES) {
      return null;
    }
    int end = ip + Wire.IPV6_BYTES + Wire.u16(frame, ip + 4);
    if (end > length) {
      return null;
    }
    return new Transport(true, Wire.u8(frame, ip + 6), ip + Wire.IPV6_BYTES, end);
  }

  /// Returns the first byte of a TCP segment's payload, or -1 if the header lies.
  int tcpPayloadAt(byte[] frame, int length) {
    int payload = at + (Wire.u8(frame, at + 12) >> 4) * 4;
    return payload < at + TCP_BYTES_MIN || payload > length ? -1 : payload;
  }

  /// Adapts the lengths of the network header to the frame's, and for IPv4 the identification
  /// (counted up) and the header's checksum.
  void putLength(byte[] frame, int number) {
    int ip = Wire.ETHERNET_BYTES;
    if (isIpv6) {
      Wire.put16(frame, ip + 4, frame.length - ip - Wire.IPV6_BYTES);
      return;
    }
    Wire.put16(frame, ip + 2, frame.length - ip);
    Wire.put16(frame, ip + 4, Wire.u16(frame, ip + 4) + number);
    Wire.put16(frame, ip + 10, 0);
    Wire.put16(
        frame, ip + 10, InternetChecksum.finish(InternetChecksum.add(0, frame, ip, at - ip)));
  }

  /// Computes the transport checksum over the frame's first `length` bytes.
  void putChecksum(byte[] frame, int length) {
    int bytes = Math.min(end, length) - at;
    int field = at + (protocol == Wire.PROTOCOL_TCP ? 16 : 6);
    Wire.put16(frame, field, 0);
    long sum = InternetChecksum.add(pseudo(frame, bytes), frame, at, bytes);
    int checksum = InternetChecksum.finish(sum);
    // UDP says "none" with 0, and 0 itself with its other form.
    Wire.put16(frame, field, checksum == 0 && protocol == Wire.PROTOCOL_UDP ? 0xFFFF : checksum);
  }

  private long pseudo(byte[] frame, int bytes) {
    int ip = Wire.ETHERNET_BYTES;
    int from = isIpv6 ? ip + 8 : ip + 12;
    return InternetChecksum.add(protocol + (long) bytes, frame, from, isIpv6 ? 32 : 8);
  }
}
