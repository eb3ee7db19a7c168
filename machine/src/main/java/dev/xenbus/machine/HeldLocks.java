package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The locks that one task holds, outermost first. Owned by the task: others may look, and see
/// what was true a moment ago.
final class HeldLocks {
  private final MachineTask task;
  private @Nullable Lockable[] held = new Lockable[4];
  private int count;
  private int spins;

  /// How many of them belong to other Cpus. Volatile: who pauses the task's Cpu waits for 0.
  private volatile int foreign;

  HeldLocks(MachineTask task) {
    this.task = task;
  }

  int count() {
    return count;
  }

  Lockable get(int place) {
    return java.util.Objects.requireNonNull(held[place]);
  }

  /// Returns how many spin locks are held: no sleeping then.
  int spins() {
    return spins;
  }

  /// Returns whether a lock of another Cpu is held: the task is neither paused nor killed then.
  boolean hasForeign() {
    return foreign != 0;
  }

  void add(Lockable lock) {
    if (count == held.length) {
      held = Arrays.copyOf(held, count * 2);
    }
    held[count++] = lock;
    adjust(lock, 1);
  }

  /// Notes that a lock is dropped.
  ///
  /// @return whether it was held
  boolean remove(Lockable lock) {
    for (int i = count - 1; i >= 0; i--) {
      if (lock.is(held[i])) {
        count--;
        System.arraycopy(held, i + 1, held, i, count - i);
        held[count] = null;
        adjust(lock, -1);
        return true;
      }
    }
    return false;
  }

  private void adjust(Lockable lock, int by) {
    if (lock.isSpinning()) {
      spins += by;
    }
    if (lock.cpu != task.cpu) {
      int now = foreign + by;
      foreign = now; // written by this task alone
    }
  }

  /// Drops what a task holds at its end, innermost first.
  void dropAll() {
    while (count > 0) {
      get(count - 1).forceUnlock(task);
    }
  }

  List<LockClass> classes() {
    List<LockClass> classes = new ArrayList<>();
    @Nullable Lockable[] now = held;
    for (int i = 0; i < Math.min(count, now.length); i++) {
      Lockable lock = now[i];
      if (lock != null) {
        classes.add(lock.order);
      }
    }
    return classes;
  }
}
