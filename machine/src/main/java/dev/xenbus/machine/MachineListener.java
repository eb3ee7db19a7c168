package dev.xenbus.machine;

/// Hears what a machine finds wrong. May take spin locks and never sleeps.
///
/// Hung tasks are told in interrupt context of the machine's own Cpu. The rest is told on a live
/// machine by a thread from outside of it or by the task itself, with no lock held; on a simulated
/// one by the task itself while the run ends already, so that its first primitive unwinds it: what
/// went wrong is in the [MachineFailure].
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
