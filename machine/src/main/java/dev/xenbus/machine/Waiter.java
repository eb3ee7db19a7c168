package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// One task in one [Waiters] list. Reused by its task, so that waiting allocates nothing.
final class Waiter {
  final MachineTask task;

  /// The next in the list, or in the task's free ones.
  @Nullable Waiter next;

  @Nullable Waiter previous;
  boolean linked;

  /// Set by whoever takes it off the list to wake its task.
  volatile boolean woken;

  /// For locks: wants to be given the lock rather than to race for it.
  boolean handOff;

  /// For reader-writer semaphores: wants the writer's side.
  boolean writer;

  Waiter(MachineTask task) {
    this.task = task;
  }
}
