package dev.xenbus.launcher;

/// Wrong usage or configuration: one line that names the word, its place and the nearest known one.
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
