package dev.xenbus.guest.command;

import java.util.Locale;

/// Sizes as the GNU core utilities read and write them.
final class Sizes {
  private static final String[] SI = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Sizes() {}

  /// Reads `4096`, `4k`, `1MiB`, `1MB`, `2x512`.
  static long parse(String text) throws UsageException {
    long product = 1;
    for (String factor : text.split("x", -1)) {
      product = multiply(product, factor(factor, text), text);
    }
    return product;
  }

  private static long multiply(long a, long b, String text) throws UsageException {
    try {
      return Math.multiplyExact(a, b);
    } catch (ArithmeticException tooLarge) {
      throw new UsageException("invalid number: '" + text + "': Value too large");
    }
  }

  private static long factor(String factor, String text) throws UsageException {
    int digits = 0;
    while (digits < factor.length() && Character.isDigit(factor.charAt(digits))) {
      digits++;
    }
    if (digits == 0 || digits > 18) {
      throw new UsageException("invalid number: '" + text + "'");
    }
    long unit =
        switch (factor.substring(digits)) {
          case "", "c" -> 1;
          case "w" -> 2;
          case "b" -> 512;
          case "k", "K", "KiB" -> 1L << 10;
          case "kB", "KB" -> 1_000;
          case "m", "M", "MiB" -> 1L << 20;
          case "MB" -> 1_000_000;
          case "g", "G", "GiB" -> 1L << 30;
          case "GB" -> 1_000_000_000;
          default -> throw new UsageException("invalid number: '" + text + "'");
        };
    return multiply(Long.parseLong(factor.substring(0, digits)), unit, text);
  }

  /// Returns `66 kB` or `64 KiB`: one digit behind the point below 10. Mirrors `human_readable`
  /// (`lib/human.c` of gnulib).
  static String human(long bytes, boolean isBinary) {
    double base = isBinary ? 1024 : 1000;
    double value = bytes;
    int unit = 0;
    while (value >= base && unit < SI.length - 1) {
      value /= base;
      unit++;
    }
    String number =
        unit == 0 ? Long.toString(bytes) : value < 9.95 ? decimal(value, 1) : decimal(value, 0);
    return number + " " + (isBinary ? BINARY : SI)[unit];
  }

  /// Returns a speed such as `53.3 MB/s`.
  static String speed(long bytes, double seconds) {
    if (seconds <= 0) {
      return "Infinity B/s";
    }
    double value = bytes / seconds;
    int unit = 0;
    while (value >= 1000 && unit < SI.length - 1) {
      value /= 1000;
      unit++;
    }
    return decimal(value, value < 99.95 ? 1 : 0) + " " + SI[unit] + "/s";
  }

  private static String decimal(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /// Returns six significant digits, as C's `%g` prints them.
  static String general(double value) {
    if (value == 0) {
      return "0";
    }
    int exponent = (int) Math.floor(Math.log10(Math.abs(value)));
    if (exponent < -4 || exponent >= 6) {
      String text = String.format(Locale.ROOT, "%.5e", value);
      return text.replaceFirst("\\.?0*e", "e");
    }
    String text = decimal(value, Math.max(0, 5 - exponent));
    return text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
  }
}
