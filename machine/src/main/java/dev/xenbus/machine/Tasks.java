package dev.xenbus.machine;

import java.util.Optional;

/// Which task runs this code.
final class Tasks {
  /// Bound for as long as a task's body runs.
  static final ScopedValue<Task> CURRENT = ScopedValue.newInstance();

  private Tasks() {}

  static Optional<Task> current() {
    return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
  }

  static boolean sleep(long nanos) {
    WaitQueue queue = Task.current().cpu().waitQueue("hrtimer_nanosleep");
    return queue.await(Task.State.S, nanos, () -> false) != WaitQueue.Wake.SIGNAL;
  }

  static void relax() {
    Task.current().cpu().machine().choices().pick(Choices.Kind.SCHEDULE, 1, "relax");
  }
}
