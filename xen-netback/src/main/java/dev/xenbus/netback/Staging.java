package dev.xenbus.netback;

import dev.xenbus.abi.XenPage;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Pages of this kernel that grant copies go to or come from, given out front to back and all at
/// once taken back. A place is page number times 4096 plus offset; a piece never crosses a page.
///
/// Exclusive to one thread, but for [#close].
final class Staging implements AutoCloseable {
  /// No room: what was given out must be used and taken back first.
  static final int FULL = -1;

  private final Pages allocator;
  private final int pagesMax;
  private final List<Page> pages = new ArrayList<>();
  private int next;

  /// Makes it with one page; more come when they are needed.
  ///
  /// @throws KernelException `ENOMEM`
  Staging(Pages allocator, int pagesMax) throws KernelException {
    this.allocator = allocator;
    this.pagesMax = pagesMax;
    pages.add(allocator.allocate());
  }

  /// Gives out the next place.
  ///
  /// @param length 1 to 4096 bytes, all in one page
  /// @return the place, or [#FULL]
  int reserve(int length) {
    int at = next;
    if ((at & (XenPage.BYTES - 1)) + length > XenPage.BYTES) {
      at = (at | (XenPage.BYTES - 1)) + 1;
    }
    if (at >> XenPage.SHIFT == pages.size() && !grow()) {
      return FULL;
    }
    next = at + length;
    return at;
  }

  /// Returns whether a whole page can be given out.
  boolean hasRoom() {
    int page = (next + XenPage.BYTES - 1) >> XenPage.SHIFT;
    return page < pages.size() || grow();
  }

  private boolean grow() {
    if (pages.size() == pagesMax) {
      return false;
    }
    try {
      pages.add(allocator.allocate());
      return true;
    } catch (KernelException _) {
      // Memory is short: there is one page at least, so the work goes on in smaller batches.
      return false;
    }
  }

  /// Takes everything back.
  void reset() {
    next = 0;
  }

  /// Returns the frame number of a place's page.
  int frame(int place) {
    return pages.get(place >> XenPage.SHIFT).frame();
  }

  /// Returns the offset of a place in its page.
  static int offset(int place) {
    return place & (XenPage.BYTES - 1);
  }

  /// Reads bytes at a place.
  void read(int place, byte[] into, int length) {
    MemorySegment page = pages.get(place >> XenPage.SHIFT).memory();
    MemorySegment.copy(page, ValueLayout.JAVA_BYTE, offset(place), into, 0, length);
  }

  /// Writes bytes to a place.
  void write(int place, byte[] from, int fromOffset, int length) {
    MemorySegment page = pages.get(place >> XenPage.SHIFT).memory();
    MemorySegment.copy(from, fromOffset, page, ValueLayout.JAVA_BYTE, offset(place), length);
  }

  /// Writes bytes to a place.
  void write(int place, MemorySegment from, long fromOffset, int length) {
    MemorySegment page = pages.get(place >> XenPage.SHIFT).memory();
    MemorySegment.copy(from, fromOffset, page, offset(place), length);
  }

  /// Frees the pages. May be called twice.
  @Override
  public void close() {
    pages.forEach(allocator::free);
    pages.clear();
  }
}
