package dev.xenbus.linux.xen;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantEntry;
import dev.xenbus.abi.hypercall.GrantOperations;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.linux.api.GrantRefs;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.RawSpinLock;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/// The free references of a kernel's grant table, a linked list through an array, and the table's
/// frames. The table grows by a frame when the list is empty. Mirrors `get_free_entries` and
/// `gnttab_expand` (`drivers/xen/grant-table.c`).
final class ReferencePool {
  private static final int END = -1;

  /// What a reference in use holds in [#next].
  private static final int IN_USE = -2;

  private final GrantOperations calls;
  private final RawSpinLock lock = new RawSpinLock();
  private volatile List<MemorySegment> frames = List.of();

  @GuardedBy("lock")
  private int[] next = new int[0];

  @GuardedBy("lock")
  private int firstFree = END;

  @GuardedBy("lock")
  private int free;

  @GuardedBy("lock")
  private int inUse;

  ReferencePool(GrantOperations calls) {
    this.calls = calls;
  }

  /// Takes references.
  ///
  /// @throws KernelException `ENOSPC` if the table may not grow far enough: then none were taken
  int[] take(int count) throws KernelException {
    int[] refs = new int[count];
    while (!tryTake(refs)) {
      grow();
    }
    return refs;
  }

  /// Takes one reference.
  ///
  /// @throws KernelException `ENOSPC`
  int take() throws KernelException {
    while (true) {
      lock.lock();
      try {
        if (free > 0) {
          return takeLocked();
        }
      } finally {
        lock.unlock();
      }
      grow();
    }
  }

  private boolean tryTake(int[] refs) {
    lock.lock();
    try {
      if (free < refs.length) {
        return false;
      }
      for (int i = 0; i < refs.length; i++) {
        refs[i] = takeLocked();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private int takeLocked() {
    int ref = firstFree;
    firstFree = next[ref];
    next[ref] = IN_USE;
    free--;
    inUse++;
    return ref;
  }

  /// Gives a reference back whose entry is not in use any more.
  void give(int ref) {
    lock.lock();
    try {
      if (ref >= next.length || next[ref] != IN_USE) {
        throw new IllegalArgumentException("grant reference " + ref + " is free already");
      }
      next[ref] = firstFree;
      firstFree = ref;
      free++;
      inUse--;
    } finally {
      lock.unlock();
    }
  }

  /// Returns the table frame that has the entry of a reference.
  MemorySegment entries(int ref) {
    return frames.get(ref / GrantEntry.PER_FRAME);
  }

  int inUse() {
    lock.lock();
    try {
      return inUse;
    } finally {
      lock.unlock();
    }
  }

  /// Sets the table up in another domain, as large as it was: every entry but the reserved ones is
  /// empty. References keep their users. Called while all else of the kernel stands still.
  ///
  /// @throws KernelException `ENOSPC` if that domain's table may not be so large
  void resume() throws KernelException {
    if (frames.isEmpty()) {
      return;
    }
    try {
      frames = calls.setupTable(frames.size());
    } catch (HypercallException e) {
      throw new KernelException(Errno.ENOSPC, "grant table: " + e.getMessage(), e);
    }
  }

  /// Adds a frame of free references. Two callers at once add one frame each, or the same one.
  void grow() throws KernelException {
    int known = frames.size();
    List<MemorySegment> more;
    try {
      more = calls.setupTable(known + 1);
    } catch (HypercallException e) {
      throw new KernelException(Errno.ENOSPC, "grant table: no free reference", e);
    }
    lock.lock();
    try {
      int first = next.length;
      if (more.size() * GrantEntry.PER_FRAME <= first) {
        return; // Somebody else was faster.
      }
      next = Arrays.copyOf(next, more.size() * GrantEntry.PER_FRAME);
      // Linked backwards, so that low references are used first.
      for (int ref = next.length - 1; ref >= Math.max(first, GrantRefs.FIRST_FREE); ref--) {
        next[ref] = firstFree;
        firstFree = ref;
        free++;
      }
      frames = more;
    } finally {
      lock.unlock();
    }
  }
}
