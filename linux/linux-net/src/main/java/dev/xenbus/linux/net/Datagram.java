package dev.xenbus.linux.net;

/// An IPv4 packet for this host, its header checked.
final class Datagram {
  private final int source;
  private final int destination;
  private final int ttl;
  private final byte[] frame;
  private final int from;
  private final int end;
  private final boolean isTrusted;

  /// Makes a view of a frame.
  ///
  /// @param source who sent it
  /// @param destination which of our addresses
  /// @param ttl its time to live
  /// @param frame where it is
  /// @param from first byte of the payload
  /// @param end first byte after the payload, within the frame
  /// @param isTrusted whether the payload's checksum need not be looked at
  Datagram(
      int source, int destination, int ttl, byte[] frame, int from, int end, boolean isTrusted) {
    this.source = source;
    this.destination = destination;
    this.ttl = ttl;
    this.frame = frame;
    this.from = from;
    this.end = end;
    this.isTrusted = isTrusted;
  }

  int source() {
    return source;
  }

  int destination() {
    return destination;
  }

  int ttl() {
    return ttl;
  }

  byte[] frame() {
    return frame;
  }

  int from() {
    return from;
  }

  int end() {
    return end;
  }

  int length() {
    return end - from;
  }

  boolean isTrusted() {
    return isTrusted;
  }
}
