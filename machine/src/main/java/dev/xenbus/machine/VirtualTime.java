package dev.xenbus.machine;

/// Virtual time and what is due in it. Owned by whoever has the baton.
final class VirtualTime {
  private final Decisions decisions;
  private final TimerHeap timers = new TimerHeap();
  private final TimerHeap housekeeping = new TimerHeap();
  private long now;
  private long skippedNanos;

  VirtualTime(Decisions decisions) {
    this.decisions = decisions;
  }

  /// Returns nanoseconds since boot.
  long now() {
    return now;
  }

  /// Returns by how many nanoseconds time moved although somebody could run.
  long skippedNanos() {
    return skippedNanos;
  }

  /// Returns whether nothing that moves time is armed.
  boolean isStill() {
    return timers.isEmpty();
  }

  void arm(Due due) {
    heapOf(due).add(due);
  }

  boolean disarm(Due due) {
    return heapOf(due).remove(due);
  }

  private TimerHeap heapOf(Due due) {
    return due.kind == TimerKind.NORMAL ? timers : housekeeping;
  }

  void dropAll(MachineCpu cpu) {
    timers.removeAll(cpu);
    housekeeping.removeAll(cpu);
  }

  /// Lets happen what is due by now.
  ///
  /// @return whether anything was
  boolean happens() {
    Due first = timers.first();
    if (first == null || first.at > now) {
      return false;
    }
    fireDue(timers);
    return true;
  }

  /// Moves time to the next moment at which something is due and lets it happen. Housekeeping
  /// happens on its way: before what moves time, if it is due before.
  ///
  /// @param early whether somebody could run meanwhile
  /// @return false if nothing that moves time is armed
  boolean advance(boolean early) {
    Due first = timers.first();
    if (first == null) {
      return false;
    }
    Due earlier = housekeeping.first();
    long at = earlier != null && earlier.at < first.at ? earlier.at : first.at;
    long step = Math.max(0, at - now);
    now += step;
    if (early) {
      skippedNanos += step;
    }
    decisions.mixTime(now);
    fireDue(housekeeping);
    fireDue(timers);
    return true;
  }

  private void fireDue(TimerHeap heap) {
    for (Due due = heap.first(); due != null && due.at <= now; due = heap.first()) {
      Due chosen = decisions.tie(heap, due, now);
      heap.remove(chosen);
      chosen.fire();
    }
  }
}
