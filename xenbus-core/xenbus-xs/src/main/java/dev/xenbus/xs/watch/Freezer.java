package dev.xenbus.xs.watch;

import dev.xenbus.linux.api.Kernel;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Whether callbacks may begin: not while the system is suspended.
///
/// Threads: one suspender at a time.
public final class Freezer {
  private volatile boolean frozen;

  /// Makes it, thawed.
  public Freezer() {}

  /// Returns whether no callback may begin.
  public boolean isFrozen() {
    return frozen;
  }

  /// Keeps callbacks from beginning and waits for those that run, except for the caller's own.
  ///
  /// @param queues asked for the queues that exist
  /// @return the name of a thread whose callback did not end in time: then nothing is frozen
  public Optional<String> freeze(
      Kernel kernel, Supplier<List<EventQueue>> queues, long timeoutNanos) {
    frozen = true;
    long deadline = kernel.clock().nanos() + timeoutNanos;
    // Queues that appear after this list was made find everything frozen.
    for (EventQueue queue : queues.get()) {
      if (queue.isCallersOwn()) {
        continue;
      }
      long left = Math.max(0, deadline - kernel.clock().nanos());
      if (!queue.awaitIdle(left)) {
        thaw(queues.get());
        return Optional.of(queue.comm());
      }
    }
    return Optional.empty();
  }

  /// Lets callbacks begin again.
  public void thaw(List<EventQueue> queues) {
    frozen = false;
    queues.forEach(EventQueue::kick);
  }
}
