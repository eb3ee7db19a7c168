package dev.xenbus.machine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// What the live scheduler knows of a task.
final class LiveSeat extends Seat {
  private static final VarHandle PERMIT;

  static {
    try {
      PERMIT = MethodHandles.lookup().findVarHandle(LiveSeat.class, "permit", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final LiveScheduler scheduler;

  @SuppressWarnings("UnusedVariable") // by PERMIT
  private volatile boolean permit;

  /// Whether it does not run: not begun, blocked, paused or ended. Written by the task alone.
  volatile boolean off = true;

  /// Where it waits outside of the machine; null while it does not. Written by the task alone.
  volatile @Nullable OutsideWait outside;

  /// How many scheduling points it had. Owned by the task.
  int points;

  /// Owned by the task.
  volatile long onSince;

  /// Owned by the task.
  volatile long ranNanos;

  LiveSeat(LiveScheduler scheduler) {
    this.scheduler = scheduler;
  }

  void givePermit() {
    PERMIT.setVolatile(this, true);
  }

  boolean takePermit() {
    return permit && PERMIT.compareAndSet(this, true, false);
  }

  @Override
  long cpuNanos() {
    return off ? ranNanos : ranNanos + scheduler.nanos() - onSince;
  }
}
