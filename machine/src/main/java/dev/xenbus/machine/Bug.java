package dev.xenbus.machine;

/// An invariant of ours that does not hold (`BUG`).
public final class Bug extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Makes the exception.
  public Bug(String message) {
    super(message);
  }

  /// Throws a Bug unless the invariant holds.
  public static void unless(boolean invariant, String message) {
    if (!invariant) {
      throw new Bug(message);
    }
  }
}
