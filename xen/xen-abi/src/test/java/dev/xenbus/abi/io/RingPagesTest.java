package dev.xenbus.abi.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class RingPagesTest {
  private final RingPages pages = TestPages.ring(3);

  @Test
  void fieldsAreLittleEndian() {
    pages.setInt(8, 0x04030201);
    for (int i = 0; i < 4; i++) {
      assertEquals(i + 1, pages.getByte(8 + i));
    }
  }

  @Test
  void fieldsAcrossAPageBoundaryAreWhole() {
    for (long offset = 4096 - 8; offset <= 4096; offset++) {
      pages.setLong(offset, 0x8877665544332211L);
      assertEquals(0x8877665544332211L, pages.getLong(offset));
      pages.setInt(offset, 0x84838281);
      assertEquals(0x84838281, pages.getInt(offset));
      pages.setShort(offset, (short) 0x9291);
      assertEquals((short) 0x9291, pages.getShort(offset));
      assertEquals((byte) 0x91, pages.getByte(offset));
    }
  }

  @Test
  void copiesCrossPagesAndStayInTheirBounds() {
    MemorySegment in = Arena.ofAuto().allocate(5000);
    for (int i = 0; i < 5000; i++) {
      in.set(ValueLayout.JAVA_BYTE, i, (byte) (i % 251 + 1));
    }
    pages.write(4000, in, 0, 5000);
    assertEquals(0, pages.getByte(3999));
    assertEquals(0, pages.getByte(9000));
    MemorySegment out = Arena.ofAuto().allocate(5000);
    pages.read(4000, out, 0, 5000);
    assertArrayEquals(in.toArray(ValueLayout.JAVA_BYTE), out.toArray(ValueLayout.JAVA_BYTE));
    pages.clear(4001, 4998);
    assertEquals(1, pages.getByte(4000));
    assertEquals(0, pages.getByte(4001));
    assertEquals(0, pages.getByte(8998));
    assertEquals(in.get(ValueLayout.JAVA_BYTE, 4999), pages.getByte(8999));
  }

  @Test
  void accessBehindTheLastPageThrows() {
    assertThrows(IndexOutOfBoundsException.class, () -> pages.getByte(3 * 4096));
    assertThrows(IndexOutOfBoundsException.class, () -> pages.getByte(-1));
    RingPages one = RingPages.of(TestPages.page());
    assertThrows(IndexOutOfBoundsException.class, () -> one.getInt(4093));
  }

  @Test
  void onlyWholeNativePagesAreTaken() {
    MemorySegment heap = MemorySegment.ofArray(new byte[4096]);
    assertThrows(IllegalArgumentException.class, () -> RingPages.of(heap));
    MemorySegment crooked = Arena.ofAuto().allocate(8192, 4096).asSlice(64, 4096);
    assertThrows(IllegalArgumentException.class, () -> RingPages.of(crooked));
    MemorySegment half = TestPages.page().asSlice(0, 2048);
    assertThrows(IllegalArgumentException.class, () -> RingPages.of(half));
    assertThrows(IllegalArgumentException.class, () -> RingPages.of(List.of()));
    MemorySegment two = Arena.ofAuto().allocate(8192, 4096);
    assertThrows(IllegalArgumentException.class, () -> RingPages.of(List.of(two)));
    assertEquals(8192, RingPages.of(two).bytes());
  }
}
