package dev.xenbus.netfront;

/// The backend put something on a ring that no honest one does: the device is not used any more
/// until it connects anew.
final class BrokenBackend extends Exception {
  private static final long serialVersionUID = 1L;

  /// Makes the exception.
  ///
  /// @param message what the kernel log says
  BrokenBackend(String message) {
    super(message, null, false, false);
  }
}
