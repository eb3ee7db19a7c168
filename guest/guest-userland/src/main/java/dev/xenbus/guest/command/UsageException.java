package dev.xenbus.guest.command;

/// A command line that a command does not take; the message says why, without the command's name.
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
