package dev.xenbus.linux.xen;

import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.RawSpinLock;
import dev.xenbus.machine.Timer;
import dev.xenbus.machine.TimerKind;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// Ends of interrupts that take effect later, in the order in which they are due. Mirrors
/// `xen_irq_lateeoi_locked` and `lateeoi_list_add` (`drivers/xen/events/events_base.c`).
///
/// A channel that fires for nothing more often than its threshold allows is silent for 2^n ticks, a
/// second at most. That is all a guest gets who sends without putting anything on a ring.
final class LateEois {
  /// The count of spurious events in a row grows while 2^n is below this: four seconds. So it ends
  /// at 10, and a threshold of 10 or more switches the delay off.
  private static final int SPURIOUS_JIFFIES_MAX = 4 * Clock.HZ;

  private static final long DELAY_JIFFIES_MAX = Clock.HZ;

  private final Clock clock;
  private final Timer timer;

  /// A leaf below the lock of [KernelEvents].
  private final RawSpinLock lock = new RawSpinLock();

  private final PriorityQueue<KernelChannel> queue =
      new PriorityQueue<>(
          Comparator.<KernelChannel>comparingLong(channel -> channel.eoiDueNanos)
              .thenComparingInt(KernelChannel::port));

  /// @param due called in interrupt context when the first of them is due
  LateEois(Cpu cpu, Runnable due) {
    this.clock = cpu.machine().clock();
    this.timer =
        cpu.timer(
            "xen_irq_lateeoi_worker",
            TimerKind.NORMAL,
            () -> {
              due.run();
              arm();
            });
  }

  /// Decides whether an EOI waits, and queues it then. The channel's fields are guarded by the
  /// caller.
  ///
  /// @return whether it waits; then [#arm] is to be called without a lock
  boolean delay(KernelChannel channel, boolean spurious) {
    long now = clock.nanos();
    EventStatistics statistics = channel.lateEoi();
    if (statistics != null && spurious) {
      long jiffies = spuriousDelay(channel, statistics.spuriousThreshold());
      statistics.spurious(jiffies);
      if (jiffies > 0) {
        channel.eoiDueNanos = now + jiffies * Clock.NANOS_PER_JIFFY;
      }
    } else {
      channel.spuriousEvents = 0;
    }
    if (channel.eoiDueNanos <= now) {
      channel.eoiDueNanos = 0;
      return false;
    }
    lock.lock();
    try {
      channel.isQueued = true;
      queue.add(channel);
    } finally {
      lock.unlock();
    }
    return true;
  }

  private static long spuriousDelay(KernelChannel channel, long set) {
    long threshold = Math.max(1, set);
    if (1 << channel.spuriousEvents < SPURIOUS_JIFFIES_MAX) {
      channel.spuriousEvents++;
    }
    if (channel.spuriousEvents <= threshold) {
      return 0;
    }
    return Math.min(1L << (channel.spuriousEvents - 1 - threshold), DELAY_JIFFIES_MAX);
  }

  /// Returns the next channel whose EOI takes effect now.
  Optional<KernelChannel> pollDue() {
    long now = clock.nanos();
    lock.lock();
    try {
      KernelChannel first = queue.peek();
      if (first == null || first.eoiDueNanos > now) {
        return Optional.empty();
      }
      queue.remove();
      first.isQueued = false;
      first.eoiDueNanos = 0;
      return Optional.of(first);
    } finally {
      lock.unlock();
    }
  }

  /// Forgets the EOI of a channel that is closed.
  void cancel(KernelChannel channel) {
    lock.lock();
    try {
      if (channel.isQueued) {
        queue.remove(channel);
        channel.isQueued = false;
      }
    } finally {
      lock.unlock();
    }
  }

  /// Arms the timer for the first EOI. Looks again afterwards: somebody else may have queued an
  /// earlier one and armed before us.
  void arm() {
    Long armed = null;
    for (Long first = firstDue(); first != null && !first.equals(armed); first = firstDue()) {
      timer.arm(Math.max(0, first - clock.nanos()));
      armed = first;
    }
  }

  private @Nullable Long firstDue() {
    lock.lock();
    try {
      KernelChannel first = queue.peek();
      return first == null ? null : first.eoiDueNanos;
    } finally {
      lock.unlock();
    }
  }
}
