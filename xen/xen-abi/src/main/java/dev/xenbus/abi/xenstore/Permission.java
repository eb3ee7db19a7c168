package dev.xenbus.abi.xenstore;

import dev.xenbus.abi.Domid;

/// One entry of a node's permissions (`struct xs_permissions`).
///
/// @param domid whom it is about
/// @param access what it allows
public record Permission(Domid domid, Access access) {
  /// Returns the entry for a domain given by number.
  public static Permission of(Access access, int domid) {
    return new Permission(Domid.of(domid), access);
  }

  /// Returns the entry that a text such as `r3` stands for, the inverse of [#toString].
  ///
  /// @throws IllegalArgumentException if it is no letter of `n r w b` and a decimal domid
  public static Permission parse(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("an empty permission");
    }
    Access access =
        Access.ofLetter(text.charAt(0))
            .orElseThrow(() -> new IllegalArgumentException("no access letter: " + text));
    try {
      return new Permission(Domid.of(Integer.parseUnsignedInt(text.substring(1))), access);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("no domid: " + text, e);
    }
  }

  /// Returns the form on the wire: letter and decimal domid, such as `b65535`.
  @Override
  public String toString() {
    return access.letter() + domid.toString();
  }
}
