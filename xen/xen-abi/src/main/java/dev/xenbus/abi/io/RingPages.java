package dev.xenbus.abi.io;

import dev.xenbus.abi.XenPage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/// The pages of one ring as one range of bytes.
///
/// A ring of several pages is contiguous for Xen's headers, but each page may come from another
/// frame. Accesses take an offset from the start of the first page; one that crosses into the next
/// page is split here. A ring of one page, or one whose pages lie behind each other in one segment,
/// takes a short way.
///
/// After [#close] every access throws, so that a ring that was unmapped cannot be used by mistake:
/// the frames behind it may belong to somebody else by then.
///
/// Fields of slots are little-endian and read with plain accesses: the index that announces a slot
/// carries the order. Reading a field twice may give two values, since the page is the peer's too.
public final class RingPages implements AutoCloseable {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long PAGE_MASK = XenPage.BYTES - 1L;

  private final MemorySegment[] pages;
  private final boolean isOneSegment;
  private final long bytes;
  private volatile boolean isClosed;

  private RingPages(MemorySegment[] pages, boolean isOneSegment, long bytes) {
    this.pages = pages;
    this.isOneSegment = isOneSegment;
    this.bytes = bytes;
  }

  /// Makes the view of pages that are one native, page-aligned segment.
  ///
  /// @throws IllegalArgumentException if it is not native, not aligned, or not whole pages
  public static RingPages of(MemorySegment pages) {
    requireWholePages(pages);
    return new RingPages(new MemorySegment[] {pages}, true, pages.byteSize());
  }

  /// Makes the view of one segment a page, in the order of the ring.
  ///
  /// @throws IllegalArgumentException if the list is empty, or one of them is not a native and
  ///     aligned page
  public static RingPages of(List<MemorySegment> pages) {
    if (pages.isEmpty()) {
      throw new IllegalArgumentException("a ring has at least one page");
    }
    for (MemorySegment page : pages) {
      requireWholePages(page);
      if (page.byteSize() != XenPage.BYTES) {
        throw new IllegalArgumentException("not one page: " + page.byteSize() + " bytes");
      }
    }
    long bytes = (long) pages.size() * XenPage.BYTES;
    return new RingPages(pages.toArray(MemorySegment[]::new), pages.size() == 1, bytes);
  }

  private static void requireWholePages(MemorySegment pages) {
    boolean aligned = (pages.address() & PAGE_MASK) == 0;
    boolean whole = pages.byteSize() > 0 && (pages.byteSize() & PAGE_MASK) == 0;
    if (!pages.isNative() || !aligned || !whole) {
      throw new IllegalArgumentException("not native pages on a page boundary: " + pages);
    }
  }

  /// Returns how many bytes the pages have.
  public long bytes() {
    return bytes;
  }

  /// Returns the segment that has the ring's header: the first page, at least.
  ///
  /// @throws IllegalStateException if this view is closed
  public MemorySegment header() {
    requireOpen();
    return pages[0];
  }

  /// Returns the byte at the given offset.
  public byte getByte(long offset) {
    return holder(offset).get(ValueLayout.JAVA_BYTE, within(offset));
  }

  /// Sets the byte at the given offset.
  public void setByte(long offset, byte value) {
    holder(offset).set(ValueLayout.JAVA_BYTE, within(offset), value);
  }

  /// Returns the 16-bit number at the given offset.
  public short getShort(long offset) {
    if (isInOneSegment(offset, Short.BYTES)) {
      return holder(offset).get(SHORT, within(offset));
    }
    return (short) ((getByte(offset) & 0xFF) | getByte(offset + 1) << 8);
  }

  /// Sets the 16-bit number at the given offset.
  public void setShort(long offset, short value) {
    if (isInOneSegment(offset, Short.BYTES)) {
      holder(offset).set(SHORT, within(offset), value);
      return;
    }
    setByte(offset, (byte) value);
    setByte(offset + 1, (byte) (value >> 8));
  }

  /// Returns the 32-bit number at the given offset.
  public int getInt(long offset) {
    if (isInOneSegment(offset, Integer.BYTES)) {
      return holder(offset).get(INT, within(offset));
    }
    return (getShort(offset) & 0xFFFF) | getShort(offset + Short.BYTES) << 16;
  }

  /// Sets the 32-bit number at the given offset.
  public void setInt(long offset, int value) {
    if (isInOneSegment(offset, Integer.BYTES)) {
      holder(offset).set(INT, within(offset), value);
      return;
    }
    setShort(offset, (short) value);
    setShort(offset + Short.BYTES, (short) (value >> 16));
  }

  /// Returns the 64-bit number at the given offset.
  public long getLong(long offset) {
    if (isInOneSegment(offset, Long.BYTES)) {
      return holder(offset).get(LONG, within(offset));
    }
    return (getInt(offset) & 0xFFFF_FFFFL) | (long) getInt(offset + Integer.BYTES) << 32;
  }

  /// Sets the 64-bit number at the given offset.
  public void setLong(long offset, long value) {
    if (isInOneSegment(offset, Long.BYTES)) {
      holder(offset).set(LONG, within(offset), value);
      return;
    }
    setInt(offset, (int) value);
    setInt(offset + Integer.BYTES, (int) (value >> 32));
  }

  /// Copies bytes out of the ring, each of them read once: how a slot becomes a private copy.
  ///
  /// @param to where to; a native segment too, so that the copy compiles to one kind of access
  public void read(long offset, MemorySegment to, long toOffset, long length) {
    long done = 0;
    while (done < length) {
      long at = offset + done;
      MemorySegment from = holder(at);
      long step = Math.min(length - done, from.byteSize() - within(at));
      MemorySegment.copy(from, within(at), to, toOffset + done, step);
      done += step;
    }
  }

  /// Copies bytes into the ring.
  public void write(long offset, MemorySegment from, long fromOffset, long length) {
    long done = 0;
    while (done < length) {
      long at = offset + done;
      MemorySegment to = holder(at);
      long step = Math.min(length - done, to.byteSize() - within(at));
      MemorySegment.copy(from, fromOffset + done, to, within(at), step);
      done += step;
    }
  }

  /// Sets bytes to zero.
  public void clear(long offset, long length) {
    long done = 0;
    while (done < length) {
      long at = offset + done;
      MemorySegment to = holder(at);
      long step = Math.min(length - done, to.byteSize() - within(at));
      to.asSlice(within(at), step).fill((byte) 0);
      done += step;
    }
  }

  /// Returns whether [#close] was called.
  public boolean isClosed() {
    return isClosed;
  }

  /// Makes every later access throw [IllegalStateException]. May be called twice.
  @Override
  public void close() {
    isClosed = true;
  }

  private void requireOpen() {
    if (isClosed) {
      throw new IllegalStateException("the ring is not mapped any more");
    }
  }

  private MemorySegment holder(long offset) {
    requireOpen();
    return isOneSegment ? pages[0] : pages[(int) (offset >> XenPage.SHIFT)];
  }

  private long within(long offset) {
    return isOneSegment ? offset : offset & PAGE_MASK;
  }

  private boolean isInOneSegment(long offset, int size) {
    return isOneSegment || (offset & PAGE_MASK) + size <= XenPage.BYTES;
  }
}
