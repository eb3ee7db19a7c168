package dev.xenbus.emulator;

/// A configuration that cannot be used; the message is one line that names the word, its place and,
/// where there is one, the nearest known word.
public final class BadConfiguration extends Exception {
  private static final long serialVersionUID = 1L;

  /// Makes the exception.
  public BadConfiguration(String message) {
    super(message);
  }
}
