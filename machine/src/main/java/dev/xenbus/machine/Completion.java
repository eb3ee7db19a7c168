package dev.xenbus.machine;

/// Something that happens once and is waited for (`struct completion`).
public interface Completion {
  /// Waits, uninterruptibly, for one [#complete].
  ///
  /// @param timeoutNanos at most how long, or [WaitQueue#FOREVER]
  WaitQueue.Wake await(long timeoutNanos);

  /// Waits for one [#complete] as somebody who may wait for long: in state S, so that nobody takes
  /// the waiter for hung, and a signal ends it.
  ///
  /// @param timeoutNanos at most how long, or [WaitQueue#FOREVER]
  WaitQueue.Wake awaitInterruptibly(long timeoutNanos);

  /// Lets one waiter, present or future, go on.
  void complete();

  /// Lets all waiters, present and future, go on.
  void completeAll();

  /// Starts afresh.
  void reinit();

  /// Returns whether a waiter would go on at once.
  boolean isDone();
}
