package dev.xenbus.xl.cli;

/// A configuration that makes no guest: the message is what the user is told.
final class GuestConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /// Makes the exception.
  ///
  /// @param message as it is printed; empty for nothing at all
  GuestConfigException(String message, int exitCode) {
    super(message);
    this.exitCode = exitCode;
  }

  GuestConfigException(String message) {
    this(message, 1);
  }

  /// Returns what `xl` ends with.
  int exitCode() {
    return exitCode;
  }

  /// Returns the lines for the user.
  String text() {
    return String.valueOf(getMessage());
  }
}
