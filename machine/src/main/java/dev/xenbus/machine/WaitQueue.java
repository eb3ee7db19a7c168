package dev.xenbus.machine;

import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;

/// A list of tasks that wait for something to become true (`wait_queue_head_t`).
public interface WaitQueue {
  /// A time-out that never comes.
  long FOREVER = Long.MAX_VALUE;

  /// Why a wait ended.
  enum Wake {
    /// The condition holds, or somebody woke the sleeper.
    READY,
    /// The time is over.
    TIMEOUT,
    /// A signal came; interruptible sleeps only.
    SIGNAL
  }

  /// Waits until `condition` holds (`wait_event`).
  ///
  /// @param how [Task.State#S] or [Task.State#D]
  /// @param timeoutNanos at most how long, or [#FOREVER]
  /// @param condition pure; reads volatiles or what it locks for itself, and never sleeps
  /// @return `READY` if the condition holds, even if time ran out at the same moment
  Wake await(Task.State how, long timeoutNanos, BooleanSupplier condition);

  /// Drops `held`, sleeps until woken, takes `held` again. Callers loop: wakes may be spurious. A
  /// [Task#wake] or [Task#stop] of this task since it last slept ends the sleep at once, so that a
  /// loop over [Task#shouldStop] does not miss it.
  Wake sleep(Task.State how, long timeoutNanos, Lock held);

  /// Wakes one waiter.
  void wakeOne();

  /// Wakes all waiters.
  void wakeAll();

  /// Returns whether nobody waits.
  boolean isEmpty();
}
