package dev.xenbus.xl.cli;

/// A command that cannot go on: the message goes to stderr, the code is what `xl` ends with.
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int exitCode;
  private final boolean help;

  UsageException(int exitCode, String message) {
    this(exitCode, message, false);
  }

  /// Makes the exception.
  ///
  /// @param help whether the command's help is printed behind it
  UsageException(int exitCode, String message, boolean help) {
    super(message);
    this.exitCode = exitCode;
    this.help = help;
  }

  int exitCode() {
    return exitCode;
  }

  boolean wantsHelp() {
    return help;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
