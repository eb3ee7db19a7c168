package dev.xenbus.machine;

/// A thread could not be made (`ENOMEM`, `EAGAIN`).
public final class NoThread extends Exception {
  private static final long serialVersionUID = 1L;

  /// Makes the exception.
  ///
  /// @param comm the name that the thread should have had
  public NoThread(String comm) {
    super("ENOMEM: no thread for " + comm);
  }
}
