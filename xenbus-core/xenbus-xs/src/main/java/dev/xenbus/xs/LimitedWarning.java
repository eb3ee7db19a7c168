package dev.xenbus.xs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;

/// One place that warns, of a fault that a peer can repeat as often as it likes: ten lines in five
/// seconds, then one that says how many were left out. Mirrors `pr_warn_ratelimited`.
///
/// Threads: any. Lock: `ratelimit_state`, a leaf.
final class LimitedWarning {
  private static final long INTERVAL_NANOS = 5_000_000_000L;
  private static final int BURST = 10;

  private final Kernel kernel;
  private final String function;
  private final SpinLock lock;

  @GuardedBy("lock")
  private long begunNanos;

  @GuardedBy("lock")
  private int printed;

  @GuardedBy("lock")
  private int missed;

  @GuardedBy("lock")
  private boolean begun;

  /// Makes one.
  ///
  /// @param function the function that warns, as the line about those left out names it
  LimitedWarning(Kernel kernel, String function) {
    this.kernel = kernel;
    this.function = function;
    lock = kernel.cpu().spinLock(LockClass.of("ratelimit_state"));
  }

  void warn(String text) {
    long now = kernel.clock().nanos();
    int suppressed = 0;
    boolean mayPrint;
    lock.lock();
    try {
      if (!begun || now - begunNanos >= INTERVAL_NANOS) {
        begun = true;
        begunNanos = now;
        printed = 0;
        suppressed = missed;
        missed = 0;
      }
      mayPrint = printed < BURST;
      if (mayPrint) {
        printed++;
      } else {
        missed++;
      }
    } finally {
      lock.unlock();
    }
    if (suppressed > 0) {
      kernel.printk().warn(function + ": " + suppressed + " callbacks suppressed");
    }
    if (mayPrint) {
      kernel.printk().warn(text);
    }
  }
}
