package dev.xenbus.machine;

/// A run that cannot go on; the message is the report.
public final class MachineFailure extends Exception {
  private static final long serialVersionUID = 1L;

  /// Why.
  public enum Kind {
    /// Tasks wait for each other in a cycle.
    DEADLOCK,
    /// A task was in state D for too long while nothing was held on purpose.
    HUNG_TASK,
    /// The step limit was reached.
    STEP_LIMIT,
    /// An invariant does not hold.
    INVARIANT,
    /// A replay met a choice that its schedule does not fit.
    DIVERGED,
    /// The main task threw.
    MAIN
  }

  private final Kind kind;

  /// Makes a failure.
  public MachineFailure(Kind kind, String report) {
    super(report);
    this.kind = kind;
  }

  /// Makes a failure with its cause.
  public MachineFailure(Kind kind, String report, Throwable cause) {
    super(report, cause);
    this.kind = kind;
  }

  /// Returns why.
  public Kind kind() {
    return kind;
  }
}
