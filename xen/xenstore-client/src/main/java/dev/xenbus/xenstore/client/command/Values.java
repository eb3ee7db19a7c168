package dev.xenbus.xenstore.client.command;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Values as the commands print and take them: what is not printable ASCII is escaped.
final class Values {
  private Values() {}

  /// Mirrors `sanitise_value` (`tools/xs-clients/xenstore_client.c`).
  static String sanitised(byte[] value) {
    StringBuilder text = new StringBuilder(value.length);
    for (byte b : value) {
      int c = b & 0xFF;
      switch (c) {
        case '\t' -> text.append("\\t");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\\' -> text.append("\\\\");
        default -> {
          if (c >= ' ' && c <= '~') {
            text.append((char) c);
          } else if (c < 8) {
            text.append("\\00").append((char) ('0' + c));
          } else {
            text.append("\\x").append(hex(c >> 4)).append(hex(c & 15));
          }
        }
      }
    }
    return text.toString();
  }

  private static char hex(int digit) {
    return Character.forDigit(digit, 16);
  }

  static String raw(byte[] value) {
    return new String(value, StandardCharsets.UTF_8);
  }

  /// The bytes that an argument stands for: `\t \n \r \\`, up to three octal digits, `\xHH`;
  /// any other character behind a backslash stands for itself, and a backslash at the end for a
  /// NUL.
  /// Mirrors `unsanitise_value` (`tools/libs/store/xs_lib.c`).
  static byte[] unescaped(String text) {
    byte[] from = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream to = new ByteArrayOutputStream(from.length);
    int i = 0;
    while (i < from.length) {
      if (from[i] != '\\') {
        to.write(from[i++]);
      } else if (i + 1 == from.length) {
        to.write(0);
        i++;
      } else {
        i = unescape(from, i + 1, to);
      }
    }
    return to.toByteArray();
  }

  private static int unescape(byte[] from, int at, ByteArrayOutputStream to) {
    switch (from[at]) {
      case 't' -> to.write('\t');
      case 'n' -> to.write('\n');
      case 'r' -> to.write('\r');
      case 'x' -> {
        return number(from, at, at + 1, 16, 2, to);
      }
      default -> {
        return number(from, at, at, 8, 3, to);
      }
    }
    return at + 1;
  }

  private static int number(
      byte[] from, int escaped, int start, int base, int digits, ByteArrayOutputStream to) {
    int at = start;
    int number = 0;
    while (at < from.length && at < start + digits && Character.digit(from[at], base) >= 0) {
      number = number * base + Character.digit(from[at++], base);
    }
    if (at == start) {
      to.write(from[escaped]);
      return escaped + 1;
    }
    to.write(number);
    return at;
  }
}
