package dev.xenbus.blkback;

import dev.xenbus.linux.api.MappedGrant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The grants of one ring that stay mapped (`struct persistent_gnt`), sorted by reference.
///
/// Owned by the ring's worker, and by whoever disconnects once that has ended. An entry's use ends
/// in the task that completes its request.
final class PersistentGrants {
  /// Part of the maximum, in percent, that a purge frees beyond what is too much
  /// (`LRU_PERCENT_CLEAN`).
  private static final int PURGE_PERCENT = 5;

  /// One mapped grant.
  static final class Entry {
    private final MappedGrant grant;
    private volatile boolean inUse;
    private volatile long lastUsedNanos;

    Entry(MappedGrant grant) {
      this.grant = grant;
    }

    MappedGrant grant() {
      return grant;
    }

    boolean isInUse() {
      return inUse;
    }

    void use() {
      inUse = true;
    }

    /// Ends the use; the time is written first, so that a purge that sees it idle sees the time.
    void release(long nowNanos) {
      lastUsedNanos = nowNanos;
      inUse = false;
    }
  }

  private final int max;
  private Entry[] entries = new Entry[8];
  private volatile int count;
  private boolean overflow;

  PersistentGrants(int max) {
    this.max = max;
  }

  int count() {
    return count;
  }

  /// Returns the entry of a reference.
  @Nullable Entry find(int ref) {
    int at = indexOf(ref);
    return at >= 0 ? entries[at] : null;
  }

  /// Adds an entry, in use, unless there is no room or one of that reference.
  ///
  /// @return the entry, or null if the grant has to be unmapped with its request
  @Nullable Entry add(MappedGrant grant) {
    int at = indexOf(grant.ref());
    if (at >= 0) {
      return null;
    }
    if (count >= max) {
      overflow = true;
      return null;
    }
    if (count == entries.length) {
      entries = Arrays.copyOf(entries, count * 2);
    }
    int place = -at - 1;
    System.arraycopy(entries, place, entries, place + 1, count - place);
    Entry entry = new Entry(grant);
    entry.use();
    entries[place] = entry;
    setCount(count + 1);
    return entry;
  }

  private void setCount(int newCount) {
    count = newCount;
  }

  /// Returns the place of a reference, or -1 minus the place where it would go. References compare
  /// as unsigned, as the tree of the real driver has them.
  private int indexOf(int ref) {
    int low = 0;
    int high = count - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Integer.compareUnsigned(entries[middle].grant.ref(), ref);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -low - 1;
  }

  /// Takes out what has not been used for a while, then, if there are too many, any that are idle.
  /// Mirrors `purge_persistent_gnt`.
  ///
  /// @param unusedNanos how long is a while; 0 is never
  /// @return what has to be unmapped
  List<MappedGrant> purge(long nowNanos, long unusedNanos) {
    int target = purgeTarget();
    List<MappedGrant> purged = new ArrayList<>();
    if (unusedNanos > 0) {
      removeIdle(purged, count, nowNanos - unusedNanos);
    }
    if (purged.size() < target) {
      removeIdle(purged, target - purged.size(), Long.MAX_VALUE);
    }
    if (!purged.isEmpty()) {
      overflow = false;
    }
    return purged;
  }

  /// Returns whether there are too many.
  boolean isOverfull() {
    return purgeTarget() > 0;
  }

  private int purgeTarget() {
    if (count < max || (count == max && !overflow)) {
      return 0;
    }
    return Math.min(count, count - max + max / 100 * PURGE_PERCENT);
  }

  private void removeIdle(List<MappedGrant> removed, int atMost, long usedBeforeNanos) {
    int kept = 0;
    int taken = 0;
    for (int i = 0; i < count; i++) {
      Entry entry = entries[i];
      if (taken < atMost && !entry.inUse && entry.lastUsedNanos <= usedBeforeNanos) {
        removed.add(entry.grant);
        taken++;
      } else {
        entries[kept] = entry;
        kept++;
      }
    }
    Arrays.fill(entries, kept, count, null);
    setCount(kept);
  }

  /// Returns when the entry that is idle for longest was used last; [Long#MAX_VALUE] if there is
  /// none.
  ///
  /// @param nowNanos when those were used that are in use
  long oldestUseNanos(long nowNanos) {
    long oldest = Long.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      oldest = Math.min(oldest, entries[i].inUse ? nowNanos : entries[i].lastUsedNanos);
    }
    return oldest;
  }

  /// Returns the one with the lowest reference, in use or not; null if there is none.
  @Nullable MappedGrant first() {
    return count == 0 ? null : entries[0].grant;
  }

  /// Takes all out.
  List<MappedGrant> removeAll() {
    List<MappedGrant> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(entries[i].grant);
    }
    Arrays.fill(entries, 0, count, null);
    setCount(0);
    return all;
  }
}
