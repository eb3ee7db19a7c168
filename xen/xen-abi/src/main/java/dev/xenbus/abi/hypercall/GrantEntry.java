package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.XenPage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// A grant table entry of version 1 (`struct grant_entry_v1`,
/// `xen/include/public/grant_table.h`).
///
/// ```
///  0       2       4               8
///  +-------+-------+---------------+
///  | flags | domid | guest frame   |
///  +-------+-------+---------------+
///   \__ word ____/
/// ```
///
/// The granter writes frame and domid first and the flags last. Afterwards both sides change the
/// flags by compare-and-set of the whole word, so that a change of the domid is noticed as well.
public final class GrantEntry {
  /// Bytes of an entry.
  public static final int BYTES = 8;

  /// Entries of a table frame.
  public static final int PER_FRAME = XenPage.BYTES / BYTES;

  /// The bits that hold the type.
  public static final int TYPE_MASK = 3;

  /// Type: not in use.
  public static final int INVALID = 0;

  /// Type: the domain may map or copy.
  public static final int PERMIT_ACCESS = 1;

  /// The domain may only read; the granter sets it.
  public static final int READ_ONLY = 4;

  /// Somebody uses it; the hypervisor sets it.
  public static final int READING = 8;

  /// Somebody may write to it; the hypervisor sets it.
  public static final int WRITING = 16;

  /// Sub-page grant, of version 2 alone.
  public static final int SUB_PAGE = 256;

  private static final int FLAGS_MASK = 0xFFFF;
  private static final int DOMID_SHIFT = 16;
  private static final long FRAME = 4;
  private static final VarHandle WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private GrantEntry() {}

  /// Returns the offset, in its table frame, of the entry of a reference.
  public static long offset(int ref) {
    return (long) (ref % PER_FRAME) * BYTES;
  }

  /// Returns the word that flags and domid make.
  public static int word(int flags, int domid) {
    return (flags & FLAGS_MASK) | domid << DOMID_SHIFT;
  }

  /// Returns the flags in a word.
  public static int flags(int word) {
    return word & FLAGS_MASK;
  }

  /// Returns the domid in a word.
  public static int domid(int word) {
    return word >>> DOMID_SHIFT;
  }

  /// Reads flags and domid at once.
  ///
  /// @param frame the table frame that has the entry
  public static int load(MemorySegment frame, int ref) {
    // Acquire: the guest frame is read after the flags that vouch for it. Pairs with publish().
    return (int) WORD.getAcquire(frame, offset(ref));
  }

  /// Changes flags and domid if they are still what was read. A full barrier if it succeeds.
  public static boolean compareAndSet(MemorySegment frame, int ref, int expected, int word) {
    return WORD.compareAndSet(frame, offset(ref), expected, word);
  }

  /// Returns the guest frame number, unsigned. Read it after a compare-and-set has succeeded.
  public static int guestFrame(MemorySegment frame, int ref) {
    // Opaque: one read of a word that the granter may change at any time.
    return (int) WORD.getOpaque(frame, offset(ref) + FRAME);
  }

  /// Fills an entry that is not in use: frame, then flags and domid together, last.
  public static void publish(MemorySegment frame, int ref, int flags, int domid, int guestFrame) {
    WORD.setOpaque(frame, offset(ref) + FRAME, guestFrame);
    // Release: whoever sees a valid type sees the frame. Pairs with the acquire in load().
    WORD.setRelease(frame, offset(ref), word(flags, domid));
  }

  /// Clears bits of the flags, atomically.
  public static void clearFlags(MemorySegment frame, int ref, int bits) {
    // Release: accesses through the mapping happen before the granter sees it end. Pairs with the
    // acquire in load() of whoever revokes.
    WORD.getAndBitwiseAndRelease(frame, offset(ref), ~(bits & FLAGS_MASK));
  }
}
