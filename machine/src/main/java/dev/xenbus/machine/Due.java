package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// Something that happens at a moment: an entry of a [TimerHeap], which owns its fields.
abstract class Due {
  /// The kernel that it belongs to, or null for the machine's own.
  final @Nullable MachineCpu cpu;

  /// Whether it moves virtual time on its own.
  final TimerKind kind;

  /// When, in nanoseconds since boot.
  long at;

  /// Breaks ties: what was armed first.
  long sequence;

  /// Its place in the heap; -1 outside.
  int index = -1;

  Due(@Nullable MachineCpu cpu, TimerKind kind) {
    this.cpu = cpu;
    this.kind = kind;
  }

  /// Happens. Called without locks of the scheduler, and never sleeps.
  abstract void fire();
}
