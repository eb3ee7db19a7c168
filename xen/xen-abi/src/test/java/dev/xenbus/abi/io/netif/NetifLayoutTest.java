package dev.xenbus.abi.io.netif;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.SharedRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/// The numbers of the public header.
class NetifLayoutTest {
  private static final long SLOT = 64;

  private final MemorySegment page = Arena.ofAuto().allocate(XenPage.BYTES, XenPage.BYTES);
  private final RingPages ring = RingPages.of(page);

  private byte[] bytes(int count) {
    return page.asSlice(SLOT, count).toArray(ValueLayout.JAVA_BYTE);
  }

  private static byte[] hex(String text) {
    return java.util.HexFormat.ofDelimiter(" ").parseHex(text);
  }

  @Test
  void ringsOfOnePageHaveTheSlotsOfTheHeader() {
    assertEquals(256, SharedRing.entries(XenPage.BYTES, NetifLimits.TX_SLOT_BYTES));
    assertEquals(256, SharedRing.entries(XenPage.BYTES, NetifLimits.RX_SLOT_BYTES));
    assertEquals(128, SharedRing.entries(XenPage.BYTES, NetifLimits.CONTROL_SLOT_BYTES));
  }

  @Test
  void txRequestHasTwelveBytesInTheHeadersOrder() {
    assertEquals(12, TxRequestLayout.BYTES);
    TxRequestLayout.write(ring, SLOT, 0x8403_0201, 0xF605, 0x0807, 0x0A09, 0xFC0B);
    assertArrayEquals(hex("01 02 03 84 05 f6 07 08 09 0a 0b fc"), bytes(12));
    assertEquals(0x8403_0201, TxRequestLayout.gref(ring, SLOT));
    assertEquals(0xF605, TxRequestLayout.offset(ring, SLOT));
    assertEquals(0x0807, TxRequestLayout.flags(ring, SLOT));
    assertEquals(0x0A09, TxRequestLayout.id(ring, SLOT));
    assertEquals(0xFC0B, TxRequestLayout.size(ring, SLOT));
  }

  @Test
  void txResponseHasFourBytesAndASignedStatus() {
    assertEquals(4, TxResponseLayout.BYTES);
    TxResponseLayout.write(ring, SLOT, 0xFFFE, TxResponseLayout.ERROR);
    assertArrayEquals(hex("fe ff ff ff"), bytes(4));
    assertEquals(0xFFFE, TxResponseLayout.id(ring, SLOT));
    assertEquals(-1, TxResponseLayout.status(ring, SLOT));
  }

  @Test
  void fillerChangesTheStatusAlone() {
    TxResponseLayout.write(ring, SLOT, 0x1234, TxResponseLayout.OKAY);
    TxResponseLayout.writeFiller(ring, SLOT);
    assertEquals(0x1234, TxResponseLayout.id(ring, SLOT));
    assertEquals(1, TxResponseLayout.status(ring, SLOT));
  }

  @Test
  void rxRequestHasEightBytesWithPaddingOfZero() {
    assertEquals(8, RxRequestLayout.BYTES);
    page.asSlice(SLOT, 8).fill((byte) 0x55);
    RxRequestLayout.write(ring, SLOT, 0x1_0102, 0x0807_0605);
    assertArrayEquals(hex("02 01 00 00 05 06 07 08"), bytes(8));
    assertEquals(0x0102, RxRequestLayout.id(ring, SLOT));
    assertEquals(0x0807_0605, RxRequestLayout.gref(ring, SLOT));
  }

  @Test
  void rxResponseHasEightBytesAndASignedStatus() {
    assertEquals(8, RxResponseLayout.BYTES);
    RxResponseLayout.write(ring, SLOT, 0x0102, 0x0304, 0x0506, -3);
    assertArrayEquals(hex("02 01 04 03 06 05 fd ff"), bytes(8));
    assertEquals(0x0102, RxResponseLayout.id(ring, SLOT));
    assertEquals(0x0304, RxResponseLayout.offset(ring, SLOT));
    assertEquals(0x0506, RxResponseLayout.flags(ring, SLOT));
    assertEquals(-3, RxResponseLayout.status(ring, SLOT));
  }

  @Test
  void checksumFlagsDifferBetweenTheDirections() {
    assertEquals(TxRequestLayout.CSUM_BLANK, RxResponseLayout.DATA_VALIDATED);
    assertEquals(TxRequestLayout.DATA_VALIDATED, RxResponseLayout.CSUM_BLANK);
    assertEquals(4, TxRequestLayout.MORE_DATA);
    assertEquals(4, RxResponseLayout.MORE_DATA);
    assertEquals(8, TxRequestLayout.EXTRA_INFO);
    assertEquals(8, RxResponseLayout.EXTRA_INFO);
    assertEquals(16, RxResponseLayout.GSO_PREFIX);
  }

  @Test
  void gsoHasSizeKindAndFeatures() {
    assertEquals(8, ExtraInfoLayout.BYTES);
    page.asSlice(SLOT, 8).fill((byte) 0x55);
    ExtraInfoLayout.writeGso(ring, SLOT, ExtraInfoLayout.MORE, ExtraInfoLayout.GSO_TCPV6, 0x05A8);
    assertArrayEquals(hex("01 01 a8 05 02 00 00 00"), bytes(8));
    assertEquals(ExtraInfoLayout.TYPE_GSO, ExtraInfoLayout.type(ring, SLOT));
    assertEquals(ExtraInfoLayout.MORE, ExtraInfoLayout.flags(ring, SLOT));
    assertEquals(0x05A8, ExtraInfoLayout.gsoSize(ring, SLOT));
    assertEquals(ExtraInfoLayout.GSO_TCPV6, ExtraInfoLayout.gsoType(ring, SLOT));
  }

  @Test
  void multicastAddressStandsFirstByteFirst() {
    long address = 0x0100_5E01_02F3L;
    ExtraInfoLayout.writeMcast(ring, SLOT, 0, ExtraInfoLayout.TYPE_MCAST_DEL, address);
    assertArrayEquals(hex("03 00 01 00 5e 01 02 f3"), bytes(8));
    assertEquals(address, ExtraInfoLayout.mcastAddress(ring, SLOT));
  }

  @Test
  void hashHasKindAlgorithmAndValue() {
    ExtraInfoLayout.writeHash(ring, SLOT, 0, ExtraInfoLayout.HASH_IPV4_TCP, 1, 0x8403_0201);
    assertArrayEquals(hex("04 00 01 01 01 02 03 84"), bytes(8));
    assertEquals(ExtraInfoLayout.HASH_IPV4_TCP, ExtraInfoLayout.hashType(ring, SLOT));
    assertEquals(1, ExtraInfoLayout.hashAlgorithm(ring, SLOT));
    assertEquals(0x8403_0201, ExtraInfoLayout.hashValue(ring, SLOT));
  }

  @Test
  void xdpHasItsHeadroom() {
    page.asSlice(SLOT, 8).fill((byte) 0x55);
    ExtraInfoLayout.writeXdp(ring, SLOT, 0, 256);
    assertArrayEquals(hex("05 00 00 01 00 00 00 00"), bytes(8));
    assertEquals(256, ExtraInfoLayout.xdpHeadroom(ring, SLOT));
    ExtraInfoLayout.setFlags(ring, SLOT, ExtraInfoLayout.MORE);
    assertEquals(ExtraInfoLayout.MORE, ExtraInfoLayout.flags(ring, SLOT));
  }

  @Test
  void controlRequestHasSixteenBytes() {
    assertEquals(16, ControlRequestLayout.BYTES);
    ControlRequestLayout.write(ring, SLOT, 0x0201, 0x0403, 0x0807_0605, 0x0C0B_0A09, -1);
    assertArrayEquals(hex("01 02 03 04 05 06 07 08 09 0a 0b 0c ff ff ff ff"), bytes(16));
    assertEquals(0x0201, ControlRequestLayout.id(ring, SLOT));
    assertEquals(0x0403, ControlRequestLayout.type(ring, SLOT));
    assertEquals(0x0807_0605, ControlRequestLayout.data(ring, SLOT, 0));
    assertEquals(0x0C0B_0A09, ControlRequestLayout.data(ring, SLOT, 1));
    assertEquals(-1, ControlRequestLayout.data(ring, SLOT, 2));
  }

  @Test
  void controlResponseHasTwelveBytes() {
    assertEquals(12, ControlResponseLayout.BYTES);
    ControlResponseLayout.write(ring, SLOT, 0x0201, 0x0403, 2, 128);
    assertArrayEquals(hex("01 02 03 04 02 00 00 00 80 00 00 00"), bytes(12));
    assertEquals(0x0201, ControlResponseLayout.id(ring, SLOT));
    assertEquals(0x0403, ControlResponseLayout.type(ring, SLOT));
    assertEquals(2, ControlResponseLayout.status(ring, SLOT));
    assertEquals(128, ControlResponseLayout.data(ring, SLOT));
  }

  @Test
  void controlTypesAndStatusesHaveTheHeadersNumbers() {
    assertEquals(1, ControlRequestLayout.GET_HASH_FLAGS);
    assertEquals(2, ControlRequestLayout.SET_HASH_FLAGS);
    assertEquals(3, ControlRequestLayout.SET_HASH_KEY);
    assertEquals(4, ControlRequestLayout.GET_HASH_MAPPING_SIZE);
    assertEquals(5, ControlRequestLayout.SET_HASH_MAPPING_SIZE);
    assertEquals(6, ControlRequestLayout.SET_HASH_MAPPING);
    assertEquals(7, ControlRequestLayout.SET_HASH_ALGORITHM);
    assertEquals(10, ControlRequestLayout.DEL_GREF_MAPPING);
    assertEquals(3, ControlResponseLayout.BUFFER_OVERFLOW);
  }
}
