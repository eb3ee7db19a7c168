package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// What a task can hold: a lock, or one side of a reader-writer semaphore.
abstract class Lockable {
  final MachineCpu cpu;
  final LockClass order;

  /// The number of its class in the machine's [LockOrder].
  final int orderId;

  Lockable(MachineCpu cpu, LockClass order) {
    this.cpu = cpu;
    this.order = order;
    this.orderId = cpu.machine.lockOrder.idOf(order);
  }

  /// Returns whether this is the same lock.
  @SuppressWarnings("ReferenceEquality") // a lock is equal to itself alone
  final boolean is(@Nullable Lockable other) {
    return this == other;
  }

  /// Returns whether sleeping is forbidden while it is held.
  abstract boolean isSpinning();

  /// Drops it for a task that ended while it held it.
  abstract void forceUnlock(MachineTask holder);

  @Override
  public final String toString() {
    return order.toString();
  }
}
