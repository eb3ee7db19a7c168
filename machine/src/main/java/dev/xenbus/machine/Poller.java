package dev.xenbus.machine;

/// A sticky wake-up for one task that serves many sources: a rouse before the wait is not lost.
public interface Poller {
  /// Wakes the task; from any context, and from outside of a live machine too.
  void rouse();

  /// Sleeps, interruptibly, until roused or until the given time since boot.
  ///
  /// @param deadlineNanos time since boot, or [WaitQueue#FOREVER]
  void await(long deadlineNanos);
}
