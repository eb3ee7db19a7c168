package dev.xenbus.linux.net;

import org.jspecify.annotations.Nullable;

/// An ARP message for IPv4 over Ethernet (RFC 826).
///
/// @param operation [#REQUEST] or [#REPLY]
/// @param senderMac the sender's Ethernet address
/// @param senderAddress the sender's IPv4 address
/// @param targetMac the target's Ethernet address, 0 in a request
/// @param targetAddress the target's IPv4 address
record ArpMessage(
    int operation, long senderMac, int senderAddress, long targetMac, int targetAddress) {
  /// Who has that address?
  static final int REQUEST = 1;

  /// I have it.
  static final int REPLY = 2;

  private static final int BYTES = 28;
  private static final int HARDWARE_ETHERNET = 1;

  /// Reads a frame; null if it is no such message, or too short for one.
  static @Nullable ArpMessage of(byte[] frame, int length) {
    int at = Wire.ETHERNET_BYTES;
    if (length < at + BYTES
        || Wire.u16(frame, at) != HARDWARE_ETHERNET
        || Wire.u16(frame, at + 2) != Wire.TYPE_IPV4
        || Wire.u16(frame, at + 4) != 0x0604) {
      return null;
    }
    int operation = Wire.u16(frame, at + 6);
    long senderMac = Wire.u48(frame, at + 8);
    boolean isKnown = operation == REQUEST || operation == REPLY;
    if (!isKnown || (senderMac & Wire.GROUP_BIT) != 0) {
      return null;
    }
    return new ArpMessage(
        operation,
        senderMac,
        Wire.u32(frame, at + 14),
        Wire.u48(frame, at + 18),
        Wire.u32(frame, at + 24));
  }

  /// Returns the message as a frame.
  byte[] frame(long destination, long source) {
    byte[] frame = new byte[Wire.ETHERNET_BYTES + BYTES];
    int at = Wire.ETHERNET_BYTES;
    Wire.ethernet(frame, destination, source, Wire.TYPE_ARP);
    Wire.put16(frame, at, HARDWARE_ETHERNET);
    Wire.put16(frame, at + 2, Wire.TYPE_IPV4);
    Wire.put16(frame, at + 4, 0x0604);
    Wire.put16(frame, at + 6, operation);
    Wire.put48(frame, at + 8, senderMac);
    Wire.put32(frame, at + 14, senderAddress);
    Wire.put48(frame, at + 18, targetMac);
    Wire.put32(frame, at + 24, targetAddress);
    return frame;
  }
}
