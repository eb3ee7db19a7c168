package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// A binary heap of [Due] entries by time, then by order of arming. Whoever owns it locks it.
final class TimerHeap {
  private Due[] heap = new Due[16];
  private int size;
  private long sequence;

  boolean isEmpty() {
    return size == 0;
  }

  @Nullable Due first() {
    return size == 0 ? null : heap[0];
  }

  /// Returns the entry that would be first if the first were gone.
  @Nullable Due second() {
    if (size < 3) {
      return size < 2 ? null : heap[1];
    }
    return isBefore(heap[1], heap[2]) ? heap[1] : heap[2];
  }

  void add(Due due) {
    if (size == heap.length) {
      heap = java.util.Arrays.copyOf(heap, size * 2);
    }
    due.sequence = sequence++;
    place(due, size);
    up(size++);
  }

  boolean remove(Due due) {
    int hole = due.index;
    if (hole < 0) {
      return false;
    }
    due.index = -1;
    Due last = heap[--size];
    clear(size);
    if (hole != size) {
      place(last, hole);
      down(hole);
      up(last.index);
    }
    return true;
  }

  /// Removes every entry of a Cpu.
  void removeAll(MachineCpu cpu) {
    for (int i = size - 1; i >= 0; i--) {
      if (i < size && heap[i].cpu == cpu) {
        remove(heap[i]);
        i = Math.min(i + 1, size);
      }
    }
  }

  // The array's free slots are null, which its element type does not say: only slots below `size`
  // are read.
  @SuppressWarnings("NullAway")
  private void clear(int slot) {
    heap[slot] = null;
  }

  private void place(Due due, int slot) {
    heap[slot] = due;
    due.index = slot;
  }

  private void up(int from) {
    int i = from;
    Due due = heap[i];
    while (i > 0) {
      int parent = (i - 1) >>> 1;
      if (!isBefore(due, heap[parent])) {
        break;
      }
      place(heap[parent], i);
      i = parent;
    }
    place(due, i);
  }

  private void down(int from) {
    int i = from;
    Due due = heap[i];
    for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isBefore(heap[child], due)) {
        break;
      }
      place(heap[child], i);
      i = child;
    }
    place(due, i);
  }

  private static boolean isBefore(Due a, Due b) {
    return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
  }
}
