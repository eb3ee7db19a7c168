package dev.xenbus.blkback;

import dev.xenbus.abi.io.blkif.BlockLimits;
import dev.xenbus.linux.api.BlockRequest.Segment;
import dev.xenbus.linux.api.MappedGrant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The segments of one request: checked copies of their descriptors, and their mapped pages.
///
/// Filled by the ring's worker; read by the task that completes the request.
final class SegmentTable {
  private int[] refs;
  private byte[] first;
  private byte[] last;
  private @Nullable MappedGrant[] pages;
  private PersistentGrants.@Nullable Entry[] persistent;
  private int count;
  private int mapped;

  SegmentTable(int capacity) {
    refs = new int[capacity];
    first = new byte[capacity];
    last = new byte[capacity];
    pages = new MappedGrant[capacity];
    persistent = new PersistentGrants.Entry[capacity];
  }

  /// Starts a new request of so many segments.
  void reset(int segments) {
    if (refs.length < segments) {
      refs = new int[segments];
      first = new byte[segments];
      last = new byte[segments];
      pages = new MappedGrant[segments];
      persistent = new PersistentGrants.Entry[segments];
    }
    count = segments;
    mapped = 0;
  }

  /// Sets a segment.
  ///
  /// @return whether its sectors lie within a page
  boolean set(int index, int ref, int firstSector, int lastSector) {
    refs[index] = ref;
    first[index] = (byte) firstSector;
    last[index] = (byte) lastSector;
    return firstSector <= lastSector && lastSector <= BlockLimits.SECTOR_IN_PAGE_MAX;
  }

  int count() {
    return count;
  }

  int ref(int index) {
    return refs[index];
  }

  int sectors(int index) {
    return last[index] - first[index] + 1;
  }

  long sectors() {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += sectors(i);
    }
    return sum;
  }

  /// Notes the page of the next segment.
  ///
  /// @param entry its persistent grant, or null if it is to be unmapped with the request
  void mapped(MappedGrant page, PersistentGrants.@Nullable Entry entry) {
    pages[mapped] = page;
    persistent[mapped] = entry;
    mapped++;
  }

  /// Returns the page of a segment that was mapped.
  MappedGrant page(int index) {
    MappedGrant page = pages[index];
    if (index >= mapped || page == null) {
      throw new IllegalStateException("segment " + index + " of " + mapped + " is not mapped");
    }
    return page;
  }

  /// Gives persistent grants back and returns the others, which the caller unmaps; whatever was
  /// mapped of a request that failed half-way too (XSA-371).
  List<MappedGrant> release(long nowNanos) {
    List<MappedGrant> others = List.of();
    for (int i = 0; i < mapped; i++) {
      PersistentGrants.Entry entry = persistent[i];
      if (entry != null) {
        entry.release(nowNanos);
      } else {
        if (others.isEmpty()) {
          others = new ArrayList<>(mapped);
        }
        others.add(page(i));
      }
    }
    Arrays.fill(pages, 0, mapped, null);
    Arrays.fill(persistent, 0, mapped, null);
    mapped = 0;
    return others;
  }

  /// Returns the memory of the request, in order. Adjacent pages are never taken for one (XSA-229).
  List<Segment> memory() {
    List<Segment> memory = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      memory.add(
          new Segment(
              page(i).page(),
              first[i] * BlockLimits.SECTOR_BYTES,
              sectors(i) * BlockLimits.SECTOR_BYTES));
    }
    return memory;
  }
}
