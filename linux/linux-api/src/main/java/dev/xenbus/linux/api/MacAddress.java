package dev.xenbus.linux.api;

import java.util.HexFormat;
import java.util.Optional;

/// An Ethernet address.
///
/// @param bits the 48 bits, first byte highest
public record MacAddress(long bits) {
  /// All stations.
  public static final MacAddress BROADCAST = new MacAddress(0xFFFF_FFFF_FFFFL);

  /// Checks the range.
  public MacAddress {
    if ((bits & ~0xFFFF_FFFF_FFFFL) != 0) {
      throw new IllegalArgumentException("a MAC address has 48 bits");
    }
  }

  /// Reads the form `00:16:3e:12:34:56`; empty if it is none.
  public static Optional<MacAddress> parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 6) {
      return Optional.empty();
    }
    long bits = 0;
    for (String part : parts) {
      if (part.length() != 2
          || !HexFormat.isHexDigit(part.charAt(0))
          || !HexFormat.isHexDigit(part.charAt(1))) {
        return Optional.empty();
      }
      bits = bits << 8 | HexFormat.fromHexDigits(part);
    }
    return Optional.of(new MacAddress(bits));
  }

  /// Returns whether it names a group of stations.
  public boolean isMulticast() {
    return (bits & 0x0100_0000_0000L) != 0;
  }

  /// Returns the form `00:16:3e:12:34:56`.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      text.append(HexFormat.of().toHexDigits((byte) (bits >> shift)));
      if (shift > 0) {
        text.append(':');
      }
    }
    return text.toString();
  }
}
