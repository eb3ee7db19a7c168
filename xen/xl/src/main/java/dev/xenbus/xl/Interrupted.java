package dev.xenbus.xl;

/// Unwinds a toolstack process that was sent a signal: what it had begun stays as it is, as with
/// the real one, which dies.
public final class Interrupted extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Makes the exception, without a stack trace.
  public Interrupted() {
    super("signal", null, false, false);
  }
}
