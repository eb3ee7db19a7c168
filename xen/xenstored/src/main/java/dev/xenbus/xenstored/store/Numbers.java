package dev.xenbus.xenstored.store;

/// Numbers in payloads.
final class Numbers {
  static final int DOMID_MAX = 65535;

  private Numbers() {}

  /// A domid: decimal up to 65535, the whole string; leading blanks and a `+` are let through, and
  /// the empty string is 0.
  ///
  /// @throws Refused `EINVAL`
  static int domid(byte[] bytes, int start, int end) throws Refused {
    int at = start;
    while (at < end && (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r'))) {
      at++;
    }
    if (at < end && bytes[at] == '+') {
      at++;
      requireDigit(bytes, at, end);
    } else if (at > start) {
      requireDigit(bytes, at, end);
    }
    int number = 0;
    for (; at < end; at++) {
      requireDigit(bytes, at, end);
      number = 10 * number + bytes[at] - '0';
      if (number > DOMID_MAX) {
        throw Refused.EINVAL;
      }
    }
    return number;
  }

  static int domid(String text) throws Refused {
    byte[] bytes = Bytes.of(text);
    return domid(bytes, 0, bytes.length);
  }

  private static void requireDigit(byte[] bytes, int at, int end) throws Refused {
    if (at >= end || bytes[at] < '0' || bytes[at] > '9') {
      throw Refused.EINVAL;
    }
  }

  /// The number that the leading digits make, with a sign perhaps; 0 if there are none. What does
  /// not fit stays at the border.
  static long leading(byte[] bytes, int start, int end) {
    int at = start;
    while (at < end && (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r'))) {
      at++;
    }
    boolean negative = at < end && bytes[at] == '-';
    if (negative || (at < end && bytes[at] == '+')) {
      at++;
    }
    long number = 0;
    for (; at < end && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
      number = Math.min(10 * number + bytes[at] - '0', Integer.MAX_VALUE);
    }
    return negative ? -number : number;
  }

  /// The number that the first digits in a string make, whatever stands around them; 0 if there are
  /// none. What does not fit stays at the border.
  static long anywhere(byte[] bytes, int start, int end) {
    int at = start;
    while (at < end && (bytes[at] < '0' || bytes[at] > '9')) {
      at++;
    }
    long number = 0;
    for (; at < end && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
      number = Math.min(10 * number + bytes[at] - '0', Long.MAX_VALUE / 100);
    }
    return number;
  }

  /// A number up to 65535 as OCaml writes them: decimal, or behind `0x`, `0o`, `0b`, with a `+` and
  /// with underscores between the digits, the whole string.
  ///
  /// @throws Refused `EINVAL`
  static int literal(byte[] bytes, int start, int end) throws Refused {
    int at = start < end && bytes[start] == '+' ? start + 1 : start;
    int base = 10;
    if (end - at > 2 && bytes[at] == '0') {
      base =
          switch (bytes[at + 1] | 0x20) {
            case 'x' -> 16;
            case 'o' -> 8;
            case 'b' -> 2;
            default -> 10;
          };
      at += base == 10 ? 0 : 2;
    }
    if (at == end || bytes[at] == '_') {
      throw Refused.EINVAL;
    }
    int number = 0;
    for (; at < end; at++) {
      if (bytes[at] != '_') {
        int digit = Character.digit(bytes[at], base);
        number = base * number + digit;
        if (digit < 0 || number > DOMID_MAX) {
          throw Refused.EINVAL;
        }
      }
    }
    return number;
  }

  /// A decimal number from 0 up, the whole string.
  ///
  /// @throws Refused `EINVAL`
  static int number(String text) throws Refused {
    if (text.isEmpty()) {
      throw Refused.EINVAL;
    }
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        throw Refused.EINVAL;
      }
      number = 10 * number + c - '0';
      if (number > Integer.MAX_VALUE) {
        throw Refused.EINVAL;
      }
    }
    return (int) number;
  }

  /// A domid in a permission: decimal, `0x` hexadecimal or `0` octal, not empty, the whole string.
  ///
  /// @throws Refused `EINVAL`
  static int permissionDomid(byte[] bytes, int start, int end) throws Refused {
    int at = start;
    int base = 10;
    if (end - start > 2 && bytes[at] == '0' && (bytes[at + 1] | 0x20) == 'x') {
      base = 16;
      at += 2;
    } else if (end - start > 1 && bytes[at] == '0') {
      base = 8;
      at++;
    }
    if (at == end) {
      throw Refused.EINVAL;
    }
    int number = 0;
    for (; at < end; at++) {
      int digit = Character.digit(bytes[at], base);
      if (digit < 0) {
        throw Refused.EINVAL;
      }
      number = base * number + digit;
      if (number > DOMID_MAX) {
        throw Refused.EINVAL;
      }
    }
    return number;
  }
}
