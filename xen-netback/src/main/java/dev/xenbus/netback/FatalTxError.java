package dev.xenbus.netback;

/// The guest put something on its tx ring that no honest frontend does: its interface is disabled.
final class FatalTxError extends Exception {
  private static final long serialVersionUID = 1L;

  /// Makes the exception.
  ///
  /// @param message what the kernel log says
  FatalTxError(String message) {
    super(message, null, false, false);
  }
}
