package dev.xenbus.machine;

import java.util.Optional;

/// Which task runs this code.
final class Tasks {
  /// Bound for as long as a task's body runs.
  static final ScopedValue<MachineTask> CURRENT = ScopedValue.newInstance();

  private Tasks() {}

  static Optional<Task> current() {
    return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
  }

  static boolean sleep(long nanos) {
    return CURRENT.get().sleep(nanos);
  }

  static void relax() {
    if (CURRENT.isBound()) {
      CURRENT.get().machine.relax();
    }
  }

  static void point(Object on) {
    if (CURRENT.isBound()) {
      CURRENT.get().machine.scheduler.point(Scheduler.Point.MEMORY, on);
    }
  }
}
