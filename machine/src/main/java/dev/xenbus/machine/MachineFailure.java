package dev.xenbus.machine;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
    MAIN,
    /// Locks were taken in an order that can deadlock.
    LOCK_ORDER,
    /// A task or an interrupt handler threw.
    OOPS,
    /// A task does not come back to any primitive: an endless loop, or a foreign lock.
    STUCK
  }

  private final Kind kind;
  private final transient @Nullable Schedule schedule;

  /// Makes a failure.
  public MachineFailure(Kind kind, String report) {
    super(report);
    this.kind = kind;
    this.schedule = null;
  }

  /// Makes a failure with its cause.
  public MachineFailure(Kind kind, String report, Throwable cause) {
    super(report, cause);
    this.kind = kind;
    this.schedule = null;
  }

  /// Makes a failure of a simulated run.
  MachineFailure(Kind kind, String report, Schedule schedule) {
    super(report);
    this.kind = kind;
    this.schedule = schedule;
  }

  /// Makes a failure of a simulated run with its cause.
  MachineFailure(Kind kind, String report, Schedule schedule, Throwable cause) {
    super(report, cause);
    this.kind = kind;
    this.schedule = schedule;
  }

  /// Returns the choices that led to it, to be replayed; empty on a live machine.
  public Optional<Schedule> schedule() {
    return Optional.ofNullable(schedule);
  }

  /// Returns why.
  public Kind kind() {
    return kind;
  }
}
