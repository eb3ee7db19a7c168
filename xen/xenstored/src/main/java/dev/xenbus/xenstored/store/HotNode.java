package dev.xenbus.xenstored.store;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// A node over which transactions came to conflict: one of them has it at a time, and the others
/// wait for their turn.
final class HotNode extends PathEntry {
  private final ArrayDeque<Client> waiters = new ArrayDeque<>();
  private @Nullable Transaction holder;
  private long untilNanos;
  private int heat;

  HotNode(byte[] path, int hash) {
    super(path, hash);
  }

  /// The transaction that has it; null if none has.
  @Nullable Transaction holder() {
    return holder;
  }

  void hold(@Nullable Transaction newHolder, long until) {
    holder = newHolder;
    untilNanos = until;
  }

  /// Until when others wait for the holder.
  long untilNanos() {
    return untilNanos;
  }

  /// Who waits, in order.
  ArrayDeque<Client> waiters() {
    return waiters;
  }

  int heat() {
    return heat;
  }

  void setHeat(int newHeat) {
    heat = newHeat;
  }
}
