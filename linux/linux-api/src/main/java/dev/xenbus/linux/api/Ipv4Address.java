package dev.xenbus.linux.api;

import java.util.Optional;

/// An IPv4 address.
///
/// @param bits the 32 bits, first byte highest
public record Ipv4Address(int bits) implements Comparable<Ipv4Address> {
  /// No address, `0.0.0.0`.
  public static final Ipv4Address ANY = new Ipv4Address(0);

  /// Reads the form `10.0.0.1`; empty if it is none.
  public static Optional<Ipv4Address> parse(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return Optional.empty();
    }
    int bits = 0;
    for (String part : parts) {
      if (part.isEmpty()
          || part.length() > 3
          || !part.chars().allMatch(c -> c >= '0' && c <= '9')) {
        return Optional.empty();
      }
      int value = Integer.parseInt(part);
      if (value > 255) {
        return Optional.empty();
      }
      bits = bits << 8 | value;
    }
    return Optional.of(new Ipv4Address(bits));
  }

  /// Returns the mask of a prefix, such as `0xFFFF0000` for 16.
  ///
  /// @param prefixBits 0 to 32
  public static int mask(int prefixBits) {
    return prefixBits == 0 ? 0 : -1 << (32 - prefixBits);
  }

  /// Returns whether both addresses share their first `prefixBits` bits.
  public boolean isInSubnetOf(Ipv4Address other, int prefixBits) {
    return ((bits ^ other.bits) & mask(prefixBits)) == 0;
  }

  @Override
  public int compareTo(Ipv4Address other) {
    return Integer.compareUnsigned(bits, other.bits);
  }

  /// Returns the form `10.0.0.1`.
  @Override
  public String toString() {
    return (bits >>> 24)
        + "."
        + (bits >>> 16 & 255)
        + "."
        + (bits >>> 8 & 255)
        + "."
        + (bits & 255);
  }
}
