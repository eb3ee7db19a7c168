package dev.xenbus.xs;

import java.util.OptionalLong;

/// Numbers as `sscanf` reads them: white space, a sign, then as many digits as there are; what
/// follows is ignored.
public final class ScanNumber {
  private ScanNumber() {}

  /// Reads a number as `%i` does: decimal, octal with a leading 0, hexadecimal with 0x.
  public static OptionalLong any(String text) {
    int at = digitsAt(text);
    if (at + 2 < text.length()
        && text.charAt(at) == '0'
        && (text.charAt(at + 1) == 'x' || text.charAt(at + 1) == 'X')
        && Character.digit(text.charAt(at + 2), 16) >= 0) {
      return digits(text, at, at + 2, 16);
    }
    boolean octal = at + 1 < text.length() && text.charAt(at) == '0';
    return digits(text, at, at, octal ? 8 : 10);
  }

  /// Reads a number as `%d` does.
  public static OptionalLong decimal(String text) {
    int at = digitsAt(text);
    return digits(text, at, at, 10);
  }

  /// Reads a number as `%u` does; a negative one is none.
  public static OptionalLong unsigned(String text) {
    OptionalLong number = decimal(text);
    return number.isPresent() && number.getAsLong() >= 0 ? number : OptionalLong.empty();
  }

  private static int digitsAt(String text) {
    int at = 0;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    if (at < text.length() && (text.charAt(at) == '-' || text.charAt(at) == '+')) {
      at++;
    }
    return at;
  }

  private static OptionalLong digits(String text, int signEnd, int from, int base) {
    boolean negative = signEnd > 0 && text.charAt(signEnd - 1) == '-';
    long value = 0;
    int at = from;
    while (at < text.length()) {
      char c = text.charAt(at);
      int digit = c < 128 ? Character.digit(c, base) : -1;
      if (digit < 0) {
        break;
      }
      if (value > (Long.MAX_VALUE - digit) / base) {
        return OptionalLong.empty();
      }
      value = value * base + digit;
      at++;
    }
    if (at == from) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(negative ? -value : value);
  }
}
