package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.XenPage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The event bits that a domain shares with Xen (`struct shared_info`,
/// `xen/include/public/xen.h`), with the atomic operations that both of them use.
///
/// ```
///     0  upcall pending (u8), upcall mask (u8)          vCPU 0
///     8  selector: bit w = word w of the pending bits has news
///  2048  pending bits, u64[64]
///  2560  mask bits, u64[64]
/// ```
///
/// That is 4096 ports in one page. A domain that was given a higher port limit has a level more,
/// behind the page: **Differs:** Xen has queues for this (the FIFO ABI); bitmaps keep one way of
/// delivery here, and edges, masks and limits are the same.
///
/// ```
///     8  selector: bit s = word s of the second selector has news
///  4096  second selector, u64[64]: bit w = word w of the pending bits has news
///  4608  pending bits, u64[2048]
/// 20992  mask bits, u64[2048]
/// ```
///
/// Threads: every method may be called by anybody at any time.
public final class SharedInfo {
  /// Ports in the one-page layout, port 0 included.
  public static final int TWO_LEVEL_PORTS = 4096;

  /// Ports in the layout with a second selector: what the FIFO ABI has.
  public static final int THREE_LEVEL_PORTS = 131_072;

  /// Bytes of the layout with a second selector.
  public static final int THREE_LEVEL_BYTES = 37_376;

  private static final int WORD_SHIFT = 6;
  private static final int WORD_MASK = 63;
  private static final long UPCALL = 0;
  private static final int UPCALL_PENDING_BIT = 1;
  private static final long SELECTOR = 8;
  private static final long TWO_LEVEL_PENDING = 2048;
  private static final long TWO_LEVEL_MASK = 2560;
  private static final long SECOND_SELECTOR = 4096;
  private static final long THREE_LEVEL_PENDING = 4608;
  private static final long THREE_LEVEL_MASK = 20_992;

  private static final VarHandle INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
  private static final VarHandle LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private final MemorySegment memory;
  private final boolean isThreeLevel;
  private final long pending;
  private final long mask;

  /// Makes a view of the shared memory, which is left as it is.
  ///
  /// @param memory one page, or [#THREE_LEVEL_BYTES]; native
  public SharedInfo(MemorySegment memory) {
    this.memory = memory;
    isThreeLevel = memory.byteSize() > XenPage.BYTES;
    pending = isThreeLevel ? THREE_LEVEL_PENDING : TWO_LEVEL_PENDING;
    mask = isThreeLevel ? THREE_LEVEL_MASK : TWO_LEVEL_MASK;
  }

  /// Returns how many ports the layout has, port 0 included.
  public int ports() {
    return isThreeLevel ? THREE_LEVEL_PORTS : TWO_LEVEL_PORTS;
  }

  /// Returns the number of words of pending bits.
  public int words() {
    return ports() >> WORD_SHIFT;
  }

  /// Returns whether there is a second selector.
  public boolean isThreeLevel() {
    return isThreeLevel;
  }

  /// Sets a pending bit; returns whether it was set.
  public boolean testAndSetPending(int port) {
    // Volatile: what the sender wrote before is visible to whoever sees the bit; and the mask is
    // read after it (raise against unmask).
    return testAndSet(pending, port);
  }

  /// Returns whether a pending bit is set.
  public boolean isPending(int port) {
    return test(pending, port);
  }

  /// Clears a pending bit. The receiver does, before it looks at the ring.
  public void clearPending(int port) {
    // Volatile: the ring is read after the bit was cleared; a later send sets it again.
    LONG.getAndBitwiseAnd(memory, pending + word(port), ~bit(port));
  }

  /// Returns a word of pending bits without the masked ones.
  public long pendingUnmasked(int word) {
    long offset = (long) word << 3;
    long pendingBits = (long) LONG.getVolatile(memory, pending + offset);
    return pendingBits & ~(long) LONG.getVolatile(memory, mask + offset);
  }

  /// Returns whether a port is masked.
  public boolean isMasked(int port) {
    return test(mask, port);
  }

  /// Masks a port: its events stay pending.
  public void mask(int port) {
    LONG.getAndBitwiseOr(memory, mask + word(port), bit(port));
  }

  /// Clears a mask bit; returns whether it was set. Then whoever does it has to look at the pending
  /// bit and [#select] the port, or to ask Xen to unmask instead.
  public boolean testAndClearMask(int port) {
    // Volatile: the pending bit is read after the mask was cleared (unmask against raise).
    long before = (long) LONG.getAndBitwiseAnd(memory, mask + word(port), ~bit(port));
    return (before & bit(port)) != 0;
  }

  /// Masks every port, as a kernel does when it starts.
  public void maskAll() {
    for (int word = 0; word < words(); word++) {
      LONG.setVolatile(memory, mask + ((long) word << 3), -1L);
    }
  }

  /// Notes in the selectors that a port's word has news, and sets upcall-pending if that is news.
  ///
  /// @return whether upcall-pending went from 0 to 1: then the vCPU has to be told
  public boolean select(int port) {
    int word = port >> WORD_SHIFT;
    if (isThreeLevel) {
      long second = SECOND_SELECTOR + (((long) word >> WORD_SHIFT) << 3);
      long wordBit = 1L << (word & WORD_MASK);
      if (((long) LONG.getAndBitwiseOr(memory, second, wordBit) & wordBit) != 0) {
        return false;
      }
      word >>= WORD_SHIFT;
    }
    long selectorBit = 1L << word;
    if (((long) LONG.getAndBitwiseOr(memory, SELECTOR, selectorBit) & selectorBit) != 0) {
      return false;
    }
    return ((int) INT.getAndBitwiseOr(memory, UPCALL, UPCALL_PENDING_BIT) & UPCALL_PENDING_BIT)
        == 0;
  }

  /// Returns whether an upcall is pending.
  public boolean isUpcallPending() {
    return ((int) INT.getVolatile(memory, UPCALL) & UPCALL_PENDING_BIT) != 0;
  }

  /// Clears upcall-pending; the selectors are to be read afterwards.
  public void clearUpcallPending() {
    INT.getAndBitwiseAnd(memory, UPCALL, ~UPCALL_PENDING_BIT);
  }

  /// Takes the selector: which words, or which words of the second selector, have news.
  public long takeSelector() {
    return (long) LONG.getAndSet(memory, SELECTOR, 0L);
  }

  /// Takes a word of the second selector.
  public long takeSecondSelector(int word) {
    return (long) LONG.getAndSet(memory, SECOND_SELECTOR + ((long) word << 3), 0L);
  }

  private static long word(int port) {
    return (long) (port >> WORD_SHIFT) << 3;
  }

  private static long bit(int port) {
    return 1L << (port & WORD_MASK);
  }

  private boolean testAndSet(long base, int port) {
    return ((long) LONG.getAndBitwiseOr(memory, base + word(port), bit(port)) & bit(port)) != 0;
  }

  private boolean test(long base, int port) {
    return ((long) LONG.getVolatile(memory, base + word(port)) & bit(port)) != 0;
  }
}
