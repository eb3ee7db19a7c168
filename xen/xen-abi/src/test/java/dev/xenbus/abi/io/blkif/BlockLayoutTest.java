package dev.xenbus.abi.io.blkif;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.io.SharedRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BlockLayoutTest {
  private final MemorySegment slot = Arena.ofAuto().allocate(112);

  @Test
  void offsetsOfTheAlignedShapeAreThoseOfTheHeader() {
    BlockRequestLayout layout = BlockProtocol.X86_64.request();
    assertEquals(112, BlockProtocol.X86_64.slotBytes());
    assertEquals(16, BlockProtocol.X86_64.responseBytes());
    assertEquals(8, layout.idOffset());
    assertEquals(16, layout.sectorOffset());
    assertEquals(24, layout.segmentOffset(0));
    assertEquals(104, layout.segmentOffset(10));
    assertEquals(24, layout.discardSectorsOffset());
    assertEquals(24, layout.indirectHandleOffset());
    assertEquals(28, layout.indirectRefOffset(0));
    assertEquals(56, layout.indirectRefOffset(7));
  }

  @Test
  void offsetsOfThePackedShapeAreThoseOfTheHeader() {
    BlockRequestLayout layout = BlockProtocol.X86_32.request();
    assertEquals(108, BlockProtocol.X86_32.slotBytes());
    assertEquals(12, BlockProtocol.X86_32.responseBytes());
    assertEquals(4, layout.idOffset());
    assertEquals(12, layout.sectorOffset());
    assertEquals(20, layout.segmentOffset(0));
    assertEquals(100, layout.segmentOffset(10));
    assertEquals(20, layout.discardSectorsOffset());
    assertEquals(20, layout.indirectHandleOffset());
    assertEquals(24, layout.indirectRefOffset(0));
    assertEquals(52, layout.indirectRefOffset(7));
  }

  @Test
  void ringsOfBothProtocolsHaveThirtyTwoSlotsAPage() {
    for (int pages : new int[] {1, 2, 4, 8, 16}) {
      long bytes = (long) pages * XenPage.BYTES;
      for (BlockProtocol protocol : BlockProtocol.values()) {
        assertEquals(32 * pages, SharedRing.entries(bytes, protocol.slotBytes()));
      }
    }
  }

  @Test
  void directRequestReadsBackAsItWasFilled() {
    for (BlockProtocol protocol : BlockProtocol.values()) {
      BlockRequestLayout layout = protocol.request();
      layout.direct(slot, BlockOperations.WRITE, 11, 0xCA00, 0x1122_3344_5566_7788L, -1L);
      BlockSegmentLayout.fill(slot, layout.segmentOffset(10), 0xFFFF_FFF0, 2, 7);

      assertEquals(BlockOperations.WRITE, layout.operation(slot));
      assertEquals(11, layout.segments(slot));
      assertEquals(0x1122_3344_5566_7788L, layout.id(slot));
      assertEquals(-1L, layout.sector(slot));
      assertEquals(0xFFFF_FFF0, BlockSegmentLayout.ref(slot, layout.segmentOffset(10)));
      assertEquals(2, BlockSegmentLayout.first(slot, layout.segmentOffset(10)));
      assertEquals(7, BlockSegmentLayout.last(slot, layout.segmentOffset(10)));
    }
  }

  @Test
  void indirectRequestReadsBackAsItWasFilled() {
    for (BlockProtocol protocol : BlockProtocol.values()) {
      BlockRequestLayout layout = protocol.request();
      layout.indirect(slot, BlockOperations.READ, 65535, 51712, 31, 8);
      layout.indirectRef(slot, 7, 1234);

      assertEquals(BlockOperations.INDIRECT, layout.operation(slot));
      assertEquals(BlockOperations.READ, layout.indirectOperation(slot));
      assertEquals(65535, layout.indirectSegments(slot));
      assertEquals(31, layout.id(slot));
      assertEquals(8, layout.sector(slot));
      assertEquals(1234, layout.indirectRef(slot, 7));
    }
  }

  @Test
  void discardReadsBackAsItWasFilled() {
    for (BlockProtocol protocol : BlockProtocol.values()) {
      BlockRequestLayout layout = protocol.request();
      layout.discard(slot, BlockRequestLayout.DISCARD_SECURE, 1, 5, 16, 1L << 40);

      assertEquals(BlockOperations.DISCARD, layout.operation(slot));
      assertEquals(1, layout.discardFlags(slot));
      assertEquals(5, layout.id(slot));
      assertEquals(16, layout.sector(slot));
      assertEquals(1L << 40, layout.discardSectors(slot));
    }
  }

  @Test
  void numbersAreLittleEndian() {
    BlockProtocol.X86_64.request().direct(slot, 0, 1, 0x1234, 1, 2);
    assertEquals(0x34, slot.get(ValueLayout.JAVA_BYTE, 2));
    assertEquals(0x12, slot.get(ValueLayout.JAVA_BYTE, 3));
    assertEquals(1, slot.get(ValueLayout.JAVA_BYTE, 8));
    assertEquals(2, slot.get(ValueLayout.JAVA_BYTE, 16));
  }

  @Test
  void indirectPagesAreCountedUpwards() {
    assertEquals(1, BlockLimits.indirectPages(1));
    assertEquals(1, BlockLimits.indirectPages(512));
    assertEquals(2, BlockLimits.indirectPages(513));
  }

  @Test
  void protocolIsFoundByItsName() {
    assertEquals(Optional.of(BlockProtocol.X86_32), BlockProtocol.ofAbiName("x86_32-abi"));
    assertEquals(Optional.of(BlockProtocol.X86_64), BlockProtocol.ofAbiName("x86_64-abi"));
    assertEquals(Optional.empty(), BlockProtocol.ofAbiName("arm-abi"));
  }
}
