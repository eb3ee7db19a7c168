package dev.xenbus.machine;

/// What the simulated scheduler knows of a task. Owned by whoever has the baton, but for `go`.
final class SimulatedSeat extends Seat {
  /// Virtual processor time that a step costs.
  private static final long NANOS_PER_STEP = 1_000;

  /// Its wake-up by time.
  final Due sleep;

  boolean permit;
  boolean blocked;
  boolean stashed;
  boolean begun;
  int outcome;
  long priority;
  long steps;

  /// Its place in the list of those that live; -1 outside.
  int place = -1;

  /// The baton: set by who hands it over, cleared by the task.
  volatile boolean go;

  SimulatedSeat(SimulatedScheduler scheduler, MachineTask task) {
    this.sleep =
        new Due(null, TimerKind.NORMAL) {
          @Override
          void fire() {
            scheduler.timedOut(task);
          }
        };
  }

  @Override
  long cpuNanos() {
    return steps * NANOS_PER_STEP;
  }
}
