package dev.xenbus.machine;

/// Sees, in real time, whether a run still makes steps. Exclusive to the thread that runs it.
final class StuckWatch {
  private static final int CHECKS = 4;

  private final long limitNanos;
  private long lastSteps = -1;
  private long since = System.nanoTime();

  StuckWatch(long limitNanos) {
    this.limitNanos = limitNanos;
  }

  long checkNanos() {
    return limitNanos / CHECKS;
  }

  boolean isStuck(long steps) {
    long now = System.nanoTime();
    if (steps != lastSteps) {
      lastSteps = steps;
      since = now;
    }
    return now - since >= limitNanos;
  }
}
