package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A hash table from absolute paths to entries that is asked with slices, without making keys.
///
/// @param <E> the entries
final class PathMap<E extends PathEntry> {
  private static final int BUCKETS_MIN = 16;

  private @Nullable PathEntry[] buckets = new PathEntry[BUCKETS_MIN];
  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  @SuppressWarnings("unchecked") // only put() adds, and it adds E alone
  @Nullable E find(byte[] bytes, int start, int end, int hash) {
    PathEntry entry = buckets[Bytes.spread(hash) & buckets.length - 1];
    while (entry != null
        && (entry.hash() != hash || !Bytes.equal(entry.path(), bytes, start, end))) {
      entry = entry.next;
    }
    return (E) entry;
  }

  /// All entries, in no order.
  @SuppressWarnings("unchecked") // only put() adds, and it adds E alone
  List<E> all() {
    List<E> entries = new ArrayList<>(size);
    for (PathEntry first : buckets) {
      for (PathEntry entry = first; entry != null; entry = entry.next) {
        entries.add((E) entry);
      }
    }
    return entries;
  }

  /// Adds an entry whose path is not there yet.
  void put(E entry) {
    if (size >= buckets.length) {
      grow();
    }
    link(entry);
    size++;
  }

  /// Removes an entry that is there.
  void remove(E gone) {
    int bucket = Bytes.spread(gone.hash()) & buckets.length - 1;
    PathEntry entry = buckets[bucket];
    if (gone.equals(entry)) {
      buckets[bucket] = gone.next;
    } else {
      while (entry != null && !gone.equals(entry.next)) {
        entry = entry.next;
      }
      if (entry == null) {
        throw new IllegalArgumentException("not in the map: " + Bytes.text(gone.path()));
      }
      entry.next = gone.next;
    }
    gone.next = null;
    size--;
  }

  private void link(PathEntry entry) {
    int bucket = Bytes.spread(entry.hash()) & buckets.length - 1;
    entry.next = buckets[bucket];
    buckets[bucket] = entry;
  }

  private void grow() {
    @Nullable PathEntry[] old = buckets;
    buckets = new PathEntry[2 * old.length];
    for (PathEntry first : old) {
      PathEntry entry = first;
      while (entry != null) {
        PathEntry following = entry.next;
        link(entry);
        entry = following;
      }
    }
  }
}
