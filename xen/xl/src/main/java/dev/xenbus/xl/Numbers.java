package dev.xenbus.xl;

/// Numbers that somebody else wrote.
final class Numbers {
  private Numbers() {}

  /// Returns the decimal number, or another value if the text is none.
  static int orElse(String text, int otherwise) {
    try {
      return Integer.parseInt(text.strip());
    } catch (NumberFormatException _) {
      return otherwise;
    }
  }
}
