package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// What a scheduler knows of one task.
abstract class Seat {
  /// The thread that runs it; null before it was started.
  volatile @Nullable Thread thread;

  /// Whether it is to have a thread of the operating system of its own; set before it starts.
  volatile boolean wantsOwnThread;

  /// Returns how long the task has run.
  abstract long cpuNanos();
}
