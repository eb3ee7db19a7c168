package dev.xenbus.netback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Timer;
import dev.xenbus.machine.TimerKind;
import java.time.Duration;

/// Limits what a guest sends through one queue: so many bytes in each window of time.
///
/// A guest that has used up its bytes is not listened to until the timer refills them. Mirrors
/// `tx_credit_exceeded` and `tx_add_credit` (`drivers/net/xen-netback/netback.c`).
final class CreditScheduler {
  /// No limit.
  static final long UNLIMITED = 0xFFFF_FFFFL;

  /// The least that bytes may add up to over idle windows.
  private static final long BURST_BYTES_MIN = 131_072;

  private final Clock clock;
  private final Timer timer;
  private final Runnable resume;

  private final SpinLock lock;

  @GuardedBy("lock")
  private long bytes;

  @GuardedBy("lock")
  private long windowNanos;

  @GuardedBy("lock")
  private long remaining;

  @GuardedBy("lock")
  private long windowStart;

  private volatile boolean isRateLimited;

  /// Makes it, with a full window.
  ///
  /// @param resume starts polling again; called in interrupt context, may not sleep
  CreditScheduler(Kernel kernel, String queueName, RateLimit limit, Runnable resume) {
    this.clock = kernel.clock();
    this.resume = resume;
    this.lock = kernel.cpu().spinLock(LockClass.of("queue->credit"));
    this.timer = kernel.cpu().timer(queueName + "-credit", TimerKind.NORMAL, this::expired);
    this.bytes = limit.bytes();
    this.windowNanos = limit.windowNanos();
    this.remaining = bytes;
    this.windowStart = clock.nanos();
  }

  /// Returns whether a packet may be taken now, and charges it if so.
  ///
  /// @param size all its bytes
  boolean trySpend(int size) {
    long wait;
    lock.lock();
    try {
      if (size <= remaining) {
        remaining -= size;
        return true;
      }
      if (timer.isPending()) {
        isRateLimited = true;
        return false;
      }
      long now = clock.nanos();
      long next = windowStart + windowNanos;
      if (now >= next) {
        windowStart = now;
        refillLocked();
      }
      if (size <= remaining) {
        remaining -= size;
        return true;
      }
      wait = Math.max(0, next - now);
      windowStart = next;
      isRateLimited = true;
    } finally {
      lock.unlock();
    }
    timer.arm(wait);
    return false;
  }

  @GuardedBy("lock")
  private void refillLocked() {
    long burst = Math.max(BURST_BYTES_MIN, bytes);
    remaining = Math.min(Math.min(remaining + bytes, UNLIMITED), burst);
    isRateLimited = false;
  }

  private void expired() {
    lock.lock();
    try {
      refillLocked();
    } finally {
      lock.unlock();
    }
    resume.run();
  }

  /// Changes the limit while packets flow.
  void change(RateLimit limit) {
    boolean pending = timer.isPending();
    lock.lock();
    try {
      bytes = limit.bytes();
      windowNanos = limit.windowNanos();
      if (!pending && remaining > bytes) {
        remaining = bytes;
      }
    } finally {
      lock.unlock();
    }
  }

  /// Returns whether the guest waits for the timer.
  boolean isRateLimited() {
    return isRateLimited;
  }

  /// Disarms the timer and waits for it if it runs.
  void cancel() {
    timer.cancel();
  }

  /// Returns a line for the debug file.
  String describe() {
    lock.lock();
    try {
      return "remaining %d, bytes %d, usec %d"
          .formatted(remaining, bytes, windowNanos / Duration.ofNanos(1000).toNanos());
    } finally {
      lock.unlock();
    }
  }
}
