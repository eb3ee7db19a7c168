package dev.xenbus.blkfront;

import dev.xenbus.linux.api.BlockRequest.Segment;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A place in the memory of a request, which is a list of pieces; moves on with each copy.
final class MemoryCursor {
  private final List<Segment> memory;
  private int index;
  private int within;

  /// Starts so many bytes behind the beginning.
  MemoryCursor(List<Segment> memory, long start) {
    this.memory = memory;
    long left = start;
    while (index < memory.size() && left >= memory.get(index).length()) {
      left -= memory.get(index).length();
      index++;
    }
    within = (int) left;
  }

  /// Copies the next bytes of the request into the start of a page.
  void copyTo(MemorySegment page, int length) {
    move(page, length, true);
  }

  /// Copies the start of a page into the next bytes of the request.
  void copyFrom(MemorySegment page, int length) {
    move(page, length, false);
  }

  private void move(MemorySegment page, int length, boolean toPage) {
    int done = 0;
    while (done < length) {
      Segment segment = memory.get(index);
      int step = Math.min(length - done, segment.length() - within);
      long place = (long) segment.offset() + within;
      if (toPage) {
        MemorySegment.copy(segment.page(), place, page, done, step);
      } else {
        MemorySegment.copy(page, done, segment.page(), place, step);
      }
      done += step;
      within += step;
      if (within == segment.length()) {
        index++;
        within = 0;
      }
    }
  }
}
