package dev.xenbus.abi.io.blkif;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Where the fields of a request are, and access to them in a private copy of a slot: a native
/// segment of at least [BlockProtocol#slotBytes] bytes.
///
/// ```
///            0   1   2       4       8       12      16      20      24      28            112
/// aligned    +---+---+-------+-------+---------------+---------------+---------------------+
///   rw       |op |seg|handle |  pad  |      id       |    sector     | 11 segments of 8    |
///   discard  |op |flg|handle |  pad  |      id       |    sector     |  nr_sectors   |
///   indirect |op |iop|  segs |  pad  |      id       |    sector     |hdl|pad| 8 grefs |pad|
///            0   1   2       4               12              20      24                    108
/// packed     +---+---+-------+---------------+---------------+-----------------------------+
///   rw       |op |seg|handle |      id       |    sector     | 11 segments of 8            |
///   discard  |op |flg|handle |      id       |    sector     |  nr_sectors   |
///   indirect |op |iop|  segs |      id       |    sector     |hdl|pad|   8 grefs   |  pad  |
/// ```
///
/// The three shapes agree on operation, id and sector. A peer's slot is copied once, then checked
/// and used through these methods; none of them checks anything.
public final class BlockRequestLayout {
  /// Flag of a discard: the content must not be recoverable (`BLKIF_DISCARD_SECURE`).
  public static final int DISCARD_SECURE = 1;

  static final BlockRequestLayout ALIGNED = new BlockRequestLayout(8, 16, 24);
  static final BlockRequestLayout PACKED = new BlockRequestLayout(4, 12, 20);

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Offset of the operation.
  public static final int OPERATION = 0;

  /// Offset of the number of segments, the flag of a discard, or the indirect operation.
  public static final int COUNT_OR_FLAG = 1;

  /// Offset of the handle, or of the number of segments of an indirect request.
  public static final int HANDLE_OR_COUNT = 2;

  private static final int INDIRECT_REFS_AFTER_HANDLE = 4;

  private final int id;
  private final int sector;
  private final int tail;

  private BlockRequestLayout(int id, int sector, int tail) {
    this.id = id;
    this.sector = sector;
    this.tail = tail;
  }

  /// Returns the offset of the id.
  public int idOffset() {
    return id;
  }

  /// Returns the offset of the first sector.
  public int sectorOffset() {
    return sector;
  }

  /// Returns the offset of a segment's descriptor, whose fields are in [BlockSegmentLayout].
  public int segmentOffset(int index) {
    return tail + index * BlockSegmentLayout.BYTES;
  }

  /// Returns the offset of a discard's number of sectors.
  public int discardSectorsOffset() {
    return tail;
  }

  /// Returns the offset of an indirect request's handle.
  public int indirectHandleOffset() {
    return tail;
  }

  /// Returns the offset of the reference of a page of descriptors.
  public int indirectRefOffset(int index) {
    return tail + INDIRECT_REFS_AFTER_HANDLE + index * Integer.BYTES;
  }

  /// Returns the operation: 0 to 255, see [BlockOperations].
  public int operation(MemorySegment slot) {
    return Byte.toUnsignedInt(slot.get(ValueLayout.JAVA_BYTE, OPERATION));
  }

  /// Returns the operation of an indirect request: 0 to 255.
  public int indirectOperation(MemorySegment slot) {
    return Byte.toUnsignedInt(slot.get(ValueLayout.JAVA_BYTE, COUNT_OR_FLAG));
  }

  /// Returns the number of segments of a direct request: 0 to 255.
  public int segments(MemorySegment slot) {
    return Byte.toUnsignedInt(slot.get(ValueLayout.JAVA_BYTE, COUNT_OR_FLAG));
  }

  /// Returns the number of segments of an indirect request: 0 to 65535.
  public int indirectSegments(MemorySegment slot) {
    return Short.toUnsignedInt(slot.get(SHORT, HANDLE_OR_COUNT));
  }

  /// Returns the flags of a discard: 0 to 255.
  public int discardFlags(MemorySegment slot) {
    return Byte.toUnsignedInt(slot.get(ValueLayout.JAVA_BYTE, COUNT_OR_FLAG));
  }

  /// Returns the id, which the response repeats.
  public long id(MemorySegment slot) {
    return slot.get(LONG, id);
  }

  /// Returns the first sector; unsigned.
  public long sector(MemorySegment slot) {
    return slot.get(LONG, sector);
  }

  /// Returns the number of sectors of a discard; unsigned.
  public long discardSectors(MemorySegment slot) {
    return slot.get(LONG, tail);
  }

  /// Returns the reference of a page of descriptors.
  public int indirectRef(MemorySegment slot, int index) {
    return slot.get(INT, indirectRefOffset(index));
  }

  /// Fills a direct request but for its segments.
  public void direct(
      MemorySegment slot, int operation, int segments, int handle, long requestId, long start) {
    slot.set(ValueLayout.JAVA_BYTE, OPERATION, (byte) operation);
    slot.set(ValueLayout.JAVA_BYTE, COUNT_OR_FLAG, (byte) segments);
    slot.set(SHORT, HANDLE_OR_COUNT, (short) handle);
    slot.set(LONG, id, requestId);
    slot.set(LONG, sector, start);
  }

  /// Fills an indirect request but for its references.
  public void indirect(
      MemorySegment slot, int operation, int segments, int handle, long requestId, long start) {
    slot.set(ValueLayout.JAVA_BYTE, OPERATION, (byte) BlockOperations.INDIRECT);
    slot.set(ValueLayout.JAVA_BYTE, COUNT_OR_FLAG, (byte) operation);
    slot.set(SHORT, HANDLE_OR_COUNT, (short) segments);
    slot.set(LONG, id, requestId);
    slot.set(LONG, sector, start);
    slot.set(SHORT, tail, (short) handle);
  }

  /// Sets the reference of a page of descriptors.
  public void indirectRef(MemorySegment slot, int index, int ref) {
    slot.set(INT, indirectRefOffset(index), ref);
  }

  /// Fills a discard.
  public void discard(
      MemorySegment slot, int flags, int handle, long requestId, long start, long count) {
    slot.set(ValueLayout.JAVA_BYTE, OPERATION, (byte) BlockOperations.DISCARD);
    slot.set(ValueLayout.JAVA_BYTE, COUNT_OR_FLAG, (byte) flags);
    slot.set(SHORT, HANDLE_OR_COUNT, (short) handle);
    slot.set(LONG, id, requestId);
    slot.set(LONG, sector, start);
    slot.set(LONG, tail, count);
  }
}
