package dev.xenbus.abi;

/// A domain's id (`domid_t`), 16 bits. Ordinary ids are 0 to 32751.
///
/// @param value 0 to 65535
public record Domid(int value) implements Comparable<Domid> {
  /// The first id that is not an ordinary domain's (`DOMID_FIRST_RESERVED`).
  public static final int FIRST_RESERVED = 0x7FF0;

  /// The control domain.
  public static final Domid DOM0 = new Domid(0);

  /// The caller, where a hypercall allows it (`DOMID_SELF`).
  public static final Domid SELF = new Domid(0x7FF0);

  /// "Choose one for me" when a domain is made; "any domain" in the store (`DOMID_ANY`).
  public static final Domid ANY = new Domid(0x7FF5);

  /// Checks the range.
  ///
  /// @throws IllegalArgumentException if the value does not fit into 16 bits
  public Domid {
    if ((value & ~0xFFFF) != 0) {
      throw new IllegalArgumentException("a domid has 16 bits, not " + value);
    }
  }

  /// Returns the domid of the given value.
  public static Domid of(int value) {
    return value == 0 ? DOM0 : new Domid(value);
  }

  /// Returns whether this is a special value and no domain's id.
  public boolean isReserved() {
    return value >= FIRST_RESERVED;
  }

  @Override
  public int compareTo(Domid other) {
    return Integer.compare(value, other.value);
  }

  /// Returns the decimal number, as paths have it.
  @Override
  public String toString() {
    return Integer.toString(value);
  }
}
