package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Checks that locks are taken in one order, class by class, as the kernel's lockdep does: every
/// "took B while holding A" is an edge, and an edge that closes a cycle is reported with the stacks
/// of both directions, whether or not anything deadlocked this time.
///
/// Guarded by itself; the hot path reads one bit without it.
final class LockOrder {
  /// Classes that one machine may have; further ones are not checked.
  private static final int CLASSES_MAX = 1024;

  /// Edges of further stacks are kept without one.
  private static final int STACK_FRAMES_MAX = 16;

  private final MachineCore machine;
  private final boolean stacks;
  private final Map<LockClass, Integer> ids = new HashMap<>();
  private final List<LockClass> classes = new ArrayList<>();

  /// One bit an edge: which classes were taken while this one was held. Bits are only ever set.
  private volatile long[][] after = new long[0][];

  private final Map<Long, String> taken = new HashMap<>();

  LockOrder(MachineCore machine, boolean stacks) {
    this.machine = machine;
    this.stacks = stacks;
  }

  /// Returns the number of a class; -1 if there are too many.
  synchronized int idOf(LockClass order) {
    Integer known = ids.get(order);
    if (known != null) {
      return known;
    }
    int id = ids.size();
    if (id >= CLASSES_MAX) {
      return -1;
    }
    ids.put(order, id);
    classes.add(order);
    if (id >= after.length) {
      long[][] larger = java.util.Arrays.copyOf(after, Math.max(16, id * 2));
      for (int i = after.length; i < larger.length; i++) {
        larger[i] = new long[0];
      }
      after = larger;
    }
    return id;
  }

  /// Looks at a lock that a task takes, whether it counts it among those it holds already or not.
  void taking(MachineTask self, Lockable lock) {
    for (int i = self.locks.count() - 1; i >= 0; i--) {
      Lockable held = self.locks.get(i);
      if (held.orderId >= 0
          && lock.orderId >= 0
          && !lock.is(held)
          && !isKnown(held.orderId, lock.orderId)) {
        String report = learn(self, held, lock);
        if (!report.isEmpty()) {
          machine.fail(MachineFailure.Kind.LOCK_ORDER, report);
        }
      }
    }
  }

  private boolean isKnown(int before, int next) {
    long[] bits = after[before];
    return next >> 6 < bits.length && (bits[next >> 6] & (1L << next)) != 0;
  }

  private synchronized String learn(MachineTask self, Lockable held, Lockable lock) {
    int before = held.orderId;
    int next = lock.orderId;
    if (isKnown(before, next)) {
      return "";
    }
    List<Integer> path = new ArrayList<>();
    boolean recursive = before == next;
    boolean closes = before != next && pathFrom(next, before, path, new long[CLASSES_MAX / 64]);
    long[][] table = after;
    long[] bits = table[before];
    if (next >> 6 >= bits.length) {
      bits = java.util.Arrays.copyOf(bits, (next >> 6) + 1);
    }
    bits[next >> 6] |= 1L << next;
    table[before] = bits;
    after = table;
    if (stacks) {
      taken.put(edge(before, next), stackNow());
    }
    if (recursive) {
      return "possible recursive locking: "
          + self
          + " takes a "
          + lock
          + " while it holds another; give the inner one a subclass"
          + (stacks ? "\n" + stackNow() : "");
    }
    return closes ? report(self, held, lock, path) : "";
  }

  private boolean pathFrom(int from, int to, List<Integer> path, long[] seen) {
    path.add(from);
    if (from == to) {
      return true;
    }
    seen[from >> 6] |= 1L << from;
    for (int next = 0; next < classes.size(); next++) {
      if (isKnown(from, next)
          && (seen[next >> 6] & (1L << next)) == 0
          && pathFrom(next, to, path, seen)) {
        return true;
      }
    }
    path.removeLast();
    return false;
  }

  private String report(MachineTask self, Lockable held, Lockable lock, List<Integer> path) {
    StringBuilder text = new StringBuilder();
    text.append("possible circular locking: ").append(self).append(" takes ").append(lock);
    text.append(" while it holds ").append(held).append(", but before");
    for (int i = 0; i + 1 < path.size(); i++) {
      text.append(i == 0 ? " " : " and ");
      text.append(classes.get(path.get(i + 1))).append(" was taken under ");
      text.append(classes.get(path.get(i)));
    }
    if (stacks) {
      text.append('\n').append(lock).append(" under ").append(held).append(":\n");
      text.append(taken.get(edge(held.orderId, lock.orderId)));
      for (int i = 0; i + 1 < path.size(); i++) {
        text.append('\n').append(classes.get(path.get(i + 1))).append(" under ");
        text.append(classes.get(path.get(i))).append(":\n");
        text.append(taken.get(edge(path.get(i), path.get(i + 1))));
      }
    } else {
      text.append("\n(replay the seed with lock stacks for both stacks)");
    }
    return text.toString();
  }

  private static long edge(int before, int next) {
    return ((long) before << 32) | next;
  }

  private static String stackNow() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> !isInner(frame))
                    .limit(STACK_FRAMES_MAX)
                    .map(frame -> "    at " + frame)
                    .reduce((a, b) -> a + "\n" + b)
                    .orElse(""));
  }

  private static boolean isInner(StackWalker.@Nullable StackFrame frame) {
    String name = frame == null ? "" : frame.getClassName();
    return name.equals(LockOrder.class.getName()) || name.equals(OwnedLock.class.getName());
  }
}
