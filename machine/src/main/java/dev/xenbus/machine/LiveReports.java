package dev.xenbus.machine;

import java.util.ArrayDeque;

/// Tells listeners, one report after the other, on a thread that holds no lock. Guarded by itself,
/// for moments: what is to be told.
final class LiveReports {
  private static final long AWAIT_MILLIS = 1_000;

  /// Reports beyond these are dropped: something reports for ever.
  private static final int WAITING_MAX = 1_000;

  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private boolean telling;

  synchronized void tell(Runnable report) {
    if (waiting.size() >= WAITING_MAX) {
      return;
    }
    waiting.add(report);
    if (!telling) {
      telling = true;
      Thread.ofVirtual().name("emu-reports").start(this::run);
    }
  }

  private void run() {
    for (Runnable next = next(); next != null; next = next()) {
      next.run();
    }
  }

  private synchronized @org.jspecify.annotations.Nullable Runnable next() {
    Runnable next = waiting.poll();
    if (next == null) {
      telling = false;
      notifyAll();
    }
    return next;
  }

  /// Waits, not for long, until all was told.
  synchronized void await() {
    long end = System.nanoTime() + AWAIT_MILLIS * 1_000_000;
    boolean interrupted = false;
    while (telling && System.nanoTime() < end) {
      try {
        wait(AWAIT_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
