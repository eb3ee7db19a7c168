package dev.xenbus.machine;

/// Unwinds a task whose kernel was killed. An Error that nobody catches: a `finally` block runs,
/// but hypercalls of a dead domain refuse, so nothing that it does has an effect.
public final class CpuGone extends Error {
  private static final long serialVersionUID = 1L;

  /// Makes the error, without a stack trace.
  public CpuGone(String owner) {
    super(owner + " is gone", null, false, false);
  }
}
