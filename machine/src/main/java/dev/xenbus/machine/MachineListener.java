package dev.xenbus.machine;

/// Hears what a machine finds wrong. Methods are called with no lock held, in interrupt context on
/// a simulated machine and on any thread on a live one; they may take spin locks and never sleep.
public interface MachineListener {
  /// A task has been in state D for the hung-task time-out, or for another one since the last call.
  ///
  /// @param seconds for how long, in whole seconds: `blocked for more than <seconds> seconds.`
  default void hungTask(Task task, long seconds) {}

  /// Something is wrong that would end a simulated run: a deadlock, a lock order.
  default void problem(MachineFailure.Kind kind, String report) {}

  /// A task died of an exception, or a work or handler threw one and was given up.
  default void oops(Task task, Throwable fault) {}
}
