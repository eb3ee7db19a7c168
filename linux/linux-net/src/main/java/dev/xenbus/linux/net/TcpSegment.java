package dev.xenbus.linux.net;

import org.jspecify.annotations.Nullable;

/// A TCP segment, as a connection thinks of it.
///
/// @param sequence its first sequence number
/// @param acknowledgment what its sender expects next, if [#ACK] is set
/// @param flags the sum of [#FIN], [#SYN], [#RST], [#PSH], [#ACK]
/// @param window bytes that its sender would take
/// @param payload where the data is; shared, not to be changed
/// @param from first byte of the data
/// @param length bytes of data
/// @param segmentBytes the option "maximum segment size", 0 without it
record TcpSegment(
    int sequence,
    int acknowledgment,
    int flags,
    int window,
    Bytes payload,
    int from,
    int length,
    int segmentBytes) {
  /// The sender has no more data.
  static final int FIN = 1;

  /// The first segment of its sender.
  static final int SYN = 2;

  /// There is no such connection.
  static final int RST = 4;

  /// The receiver should not wait for more.
  static final int PSH = 8;

  /// The acknowledgment counts.
  static final int ACK = 16;

  /// Bytes of a header without options.
  static final int HEADER_BYTES = 20;

  /// Bytes of the option "maximum segment size".
  static final int OPTION_BYTES = 4;

  private static final int FLAG_BITS = 0x1F;

  /// Bytes that do not change.
  ///
  /// Differs from an array in a record in that its identity is what counts.
  static final class Bytes {
    /// No bytes.
    static final Bytes NONE = new Bytes(new byte[0]);

    private final byte[] array;

    Bytes(byte[] array) {
      this.array = array;
    }

    byte[] array() {
      return array;
    }

    int length() {
      return array.length;
    }
  }

  /// Makes a segment without data.
  static TcpSegment control(int flags, int sequence, int acknowledgment, int window) {
    return new TcpSegment(sequence, acknowledgment, flags, window, Bytes.NONE, 0, 0, 0);
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /// Returns how many sequence numbers it takes: its data, SYN and FIN.
  int span() {
    return length + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
  }

  /// Returns the sequence number after it.
  int end() {
    return sequence + span();
  }

  /// Returns the bytes of its header.
  int headerBytes() {
    return HEADER_BYTES + (segmentBytes > 0 ? OPTION_BYTES : 0);
  }

  /// Reads a segment; null if its checksum is wrong or its lengths lie.
  static @Nullable TcpSegment of(Datagram datagram) {
    byte[] frame = datagram.frame();
    int at = datagram.from();
    int length = datagram.length();
    if (length < HEADER_BYTES) {
      return null;
    }
    int headerBytes = (Wire.u8(frame, at + 12) >> 4) * 4;
    if (headerBytes < HEADER_BYTES || headerBytes > length) {
      return null;
    }
    long pseudo =
        InternetChecksum.pseudoIpv4(
            datagram.source(), datagram.destination(), Wire.PROTOCOL_TCP, length);
    if (!datagram.isTrusted() && !InternetChecksum.isRight(pseudo, frame, at, length)) {
      return null;
    }
    return new TcpSegment(
        Wire.u32(frame, at + 4),
        Wire.u32(frame, at + 8),
        Wire.u8(frame, at + 13) & FLAG_BITS,
        Wire.u16(frame, at + 14),
        Bytes.NONE,
        0,
        length - headerBytes,
        segmentBytesOption(frame, at + HEADER_BYTES, at + headerBytes));
  }

  /// Looks through the options; a malformed one ends the walk.
  private static int segmentBytesOption(byte[] frame, int from, int end) {
    int at = from;
    while (at < end) {
      int kind = Wire.u8(frame, at);
      if (kind == 0) {
        return 0;
      }
      if (kind == 1) {
        at++;
        continue;
      }
      int bytes = at + 1 < end ? Wire.u8(frame, at + 1) : 0;
      if (bytes < 2 || at + bytes > end) {
        return 0;
      }
      if (kind == 2 && bytes == OPTION_BYTES) {
        return Wire.u16(frame, at + 2);
      }
      at += bytes;
    }
    return 0;
  }

  /// Writes the header; the checksum field gets the folded pseudo header, as a blank one has it.
  void write(byte[] frame, int at, int sourcePort, int destinationPort, int pseudo) {
    Wire.put16(frame, at, sourcePort);
    Wire.put16(frame, at + 2, destinationPort);
    Wire.put32(frame, at + 4, sequence);
    Wire.put32(frame, at + 8, acknowledgment);
    Wire.put8(frame, at + 12, (headerBytes() / 4) << 4);
    Wire.put8(frame, at + 13, flags);
    Wire.put16(frame, at + 14, window);
    Wire.put16(frame, at + 16, pseudo);
    Wire.put16(frame, at + 18, 0);
    if (segmentBytes > 0) {
      Wire.put8(frame, at + 20, 2);
      Wire.put8(frame, at + 21, OPTION_BYTES);
      Wire.put16(frame, at + 22, segmentBytes);
    }
  }
}
