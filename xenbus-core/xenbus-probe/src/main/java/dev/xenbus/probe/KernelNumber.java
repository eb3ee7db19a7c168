package dev.xenbus.probe;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;

/// Numbers as an administrator writes them into sysfs.
final class KernelNumber {
  private static final long UNSIGNED_INT_MAX = 0xFFFF_FFFFL;

  private KernelNumber() {}

  /// Reads a whole text: decimal, octal with a leading 0, hexadecimal with 0x; a plus sign may
  /// stand in front and one line end behind, nothing else. Mirrors `kstrtouint` with base 0.
  ///
  /// @throws KernelException `EINVAL` if it is no such number, `ERANGE` above 4294967295
  static long unsignedInt(String text) throws KernelException {
    String digits = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    if (digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    int base = 10;
    if (digits.length() > 2 && digits.regionMatches(true, 0, "0x", 0, 2)) {
      base = 16;
      digits = digits.substring(2);
    } else if (digits.length() > 1 && digits.startsWith("0")) {
      base = 8;
    }
    if (digits.isEmpty()) {
      throw new KernelException(Errno.EINVAL, "a number is wanted, not: " + text.strip());
    }
    long value = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      int digit = c < 128 ? Character.digit(c, base) : -1;
      if (digit < 0) {
        throw new KernelException(Errno.EINVAL, "a number is wanted, not: " + text.strip());
      }
      // Once too large it stays so, while the rest is still looked at.
      value = Math.min(value * base + digit, UNSIGNED_INT_MAX + 1);
    }
    if (value > UNSIGNED_INT_MAX) {
      throw new KernelException(Errno.ERANGE, "4294967295 is the largest, not: " + text.strip());
    }
    return value;
  }
}
