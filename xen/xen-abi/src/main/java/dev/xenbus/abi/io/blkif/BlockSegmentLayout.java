package dev.xenbus.abi.io.blkif;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A segment's descriptor (`struct blkif_request_segment`), the same in a slot of either protocol
/// and in a page of an indirect request.
///
/// ```
/// 0           4       5      6        8
/// +-----------+-------+------+--------+
/// |   gref    | first | last | padding|     sectors within the page, both inclusive
/// +-----------+-------+------+--------+
/// ```
public final class BlockSegmentLayout {
  /// Bytes of a descriptor.
  public static final int BYTES = 8;

  /// Offset of the grant reference.
  public static final int REF = 0;

  /// Offset of the first sector.
  public static final int FIRST = 4;

  /// Offset of the last sector.
  public static final int LAST = 5;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private BlockSegmentLayout() {}

  /// Returns the grant reference of the descriptor at the given offset.
  public static int ref(MemorySegment memory, long offset) {
    return memory.get(INT, offset + REF);
  }

  /// Returns the first sector within the page: 0 to 255, not checked.
  public static int first(MemorySegment memory, long offset) {
    return Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, offset + FIRST));
  }

  /// Returns the last sector within the page: 0 to 255, not checked.
  public static int last(MemorySegment memory, long offset) {
    return Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, offset + LAST));
  }

  /// Fills the descriptor at the given offset; its padding becomes 0.
  public static void fill(MemorySegment memory, long offset, int ref, int first, int last) {
    memory.set(INT, offset + REF, ref);
    memory.set(INT, offset + FIRST, first | last << Byte.SIZE);
  }
}
