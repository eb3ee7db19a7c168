package dev.xenbus.machine;

/// Where a task waits that is no primitive of the machine, such as a selector of sockets. Live
/// machines only.
public interface OutsideWait {
  /// Waits until something happens outside, until woken, or until the time is over; may return
  /// early for no reason.
  ///
  /// @param timeoutNanos at most how long, or [WaitQueue#FOREVER]
  void await(long timeoutNanos);

  /// Ends the wait; from any thread. One that comes before the wait is not lost.
  void wake();
}
