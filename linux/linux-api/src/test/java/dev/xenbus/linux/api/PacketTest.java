package dev.xenbus.linux.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacketTest {
  private final List<Boolean> released = new ArrayList<>();

  private Packet packet() {
    Packet packet = new Packet(new byte[] {1, 2, 3, 4}, 3);
    byte[] page = {0, 0, 5, 6, 7, 0};
    packet.fragments().add(new Packet.Fragment(MemorySegment.ofArray(page), 2, 3, null));
    packet.zeroCopy(released::add);
    return packet;
  }

  @Test
  void lengthIsHeadAndFragments() {
    assertEquals(6, packet().length());
  }

  @Test
  void bytesComeInOrder() {
    byte[] all = new byte[6];
    packet().copyTo(all);
    assertArrayEquals(new byte[] {1, 2, 3, 5, 6, 7}, all);
  }

  @Test
  void freeTellsOnceThatThePagesWereNotTouched() {
    Packet packet = packet();
    packet.free();
    assertEquals(List.of(true), released);
    assertThrows(IllegalStateException.class, packet::free);
    assertEquals(List.of(true), released);
  }

  @Test
  void orphanedPacketKeepsItsBytesAndTellsThatTheyWereCopied() {
    Packet packet = packet();
    packet.orphanFragments();
    packet.orphanFragments();
    assertFalse(packet.isZeroCopy());
    assertTrue(packet.fragments().isEmpty());
    assertArrayEquals(new byte[] {1, 2, 3, 5, 6, 7}, packet.head());
    packet.free();
    assertEquals(List.of(false), released);
  }

  @Test
  void copyHasMemoryOfItsOwnAndTheSameOffload() {
    Packet packet = packet();
    packet.checksum(Packet.Checksum.BLANK);
    packet.gso(Packet.Gso.TCPV4, 1448);
    Packet copy = packet.copy();
    assertEquals(List.of(false), released);
    packet.head()[0] = 99;
    assertEquals(1, copy.head()[0]);
    assertEquals(Packet.Checksum.BLANK, copy.checksum());
    assertEquals(Packet.Gso.TCPV4, copy.gso());
    assertEquals(1448, copy.gsoSize());
  }
}
