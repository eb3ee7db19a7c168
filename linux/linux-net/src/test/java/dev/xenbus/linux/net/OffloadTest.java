package dev.xenbus.linux.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.linux.api.NetDevice.Feature;
import dev.xenbus.linux.api.Packet;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class OffloadTest {
  private static final int IPV6_HEADERS = Wire.ETHERNET_BYTES + Wire.IPV6_BYTES + 20;
  private static final EnumSet<Feature> NONE = EnumSet.noneOf(Feature.class);

  /// A TCP segment over IPv6 with so many bytes of payload, its checksum blank.
  private static Packet tcpv6(int payloadBytes) {
    byte[] frame = new byte[IPV6_HEADERS + payloadBytes];
    Wire.ethernet(frame, 1, 2, Wire.TYPE_IPV6);
    Wire.put8(frame, 14, 0x60);
    Wire.put16(frame, 18, 20 + payloadBytes);
    Wire.put8(frame, 20, Wire.PROTOCOL_TCP);
    for (int at = 22; at < 54; at++) {
      frame[at] = (byte) at;
    }
    Wire.put32(frame, 58, 1000);
    Wire.put8(frame, 66, 0x50);
    Wire.put8(frame, 67, TcpSegment.ACK | TcpSegment.PSH | TcpSegment.FIN);
    for (int at = IPV6_HEADERS; at < frame.length; at++) {
      frame[at] = (byte) (at * 7);
    }
    Packet packet = new Packet(frame);
    packet.checksum(Packet.Checksum.BLANK);
    packet.gso(Packet.Gso.TCPV6, 1000);
    return packet;
  }

  private static boolean isSumRight(byte[] frame, int protocol) {
    int bytes = frame.length - 54;
    long pseudo = InternetChecksum.add(protocol + (long) bytes, frame, 22, 32);
    return InternetChecksum.isRight(pseudo, frame, 54, bytes);
  }

  @Test
  void deviceThatDoesEverythingGetsThePacketAsItIs() {
    Packet packet = tcpv6(2500);
    assertSame(packet, Offload.prepare(packet, EnumSet.allOf(Feature.class)).getFirst());
  }

  @Test
  void tcpOverIpv6IsCutIntoFrames() {
    List<Packet> frames = Offload.prepare(tcpv6(2500), NONE);
    assertEquals(
        List.of(IPV6_HEADERS + 1000, IPV6_HEADERS + 1000, IPV6_HEADERS + 500),
        frames.stream().map(Packet::length).toList());
    int sequence = 1000;
    for (Packet frame : frames) {
      byte[] bytes = frame.head();
      assertEquals(sequence, Wire.u32(bytes, 58));
      assertEquals(bytes.length - 54, Wire.u16(bytes, 18));
      assertTrue(isSumRight(bytes, Wire.PROTOCOL_TCP));
      boolean isLast = frame == frames.getLast();
      assertEquals(
          isLast ? TcpSegment.ACK | TcpSegment.PSH | TcpSegment.FIN : TcpSegment.ACK,
          Wire.u8(bytes, 67));
      sequence += 1000;
    }
  }

  @Test
  void malformedLargePacketsAreDropped() {
    int[] positions = {18, 20, 66};
    byte[] nonsense = {(byte) 0xFF, 99, (byte) 0xF0};
    for (int i = 0; i < positions.length; i++) {
      Packet packet = tcpv6(10);
      packet.head()[positions[i]] = nonsense[i];
      assertEquals(List.of(), Offload.prepare(packet, NONE));
    }
    Packet noSize = tcpv6(10);
    noSize.gso(Packet.Gso.TCPV6, 0);
    assertEquals(List.of(), Offload.prepare(noSize, NONE));
    Packet tooMany = tcpv6(2000);
    tooMany.gso(Packet.Gso.TCPV6, 1);
    assertEquals(List.of(), Offload.prepare(tooMany, NONE));
  }

  @Test
  void blankUdpChecksumIsCompletedAndNeverZero() {
    byte[] frame = new byte[54 + 8 + 2];
    Wire.ethernet(frame, 1, 2, Wire.TYPE_IPV6);
    Wire.put16(frame, 18, 10);
    Wire.put8(frame, 20, Wire.PROTOCOL_UDP);
    Wire.put16(frame, 58, 10);
    // Payload that makes the sum 0xFFFF: protocol, length twice, payload.
    Wire.put16(frame, 62, 0xFFFF - Wire.PROTOCOL_UDP - 20);
    Packet packet = new Packet(frame);
    packet.checksum(Packet.Checksum.BLANK);
    byte[] done = Offload.prepare(packet, NONE).getFirst().head();
    assertEquals(0xFFFF, Wire.u16(done, 60));
  }

  @Test
  void blankChecksumOfNoTransportIsDropped() {
    Packet packet = new Packet(new byte[60]);
    packet.checksum(Packet.Checksum.BLANK);
    assertEquals(List.of(), Offload.prepare(packet, NONE));
  }

  @Test
  void packetIsFlattenedForADeviceWithoutScatterGather() {
    int[] released = {0};
    Packet packet = new Packet(new byte[60]);
    packet
        .fragments()
        .add(new Packet.Fragment(java.lang.foreign.MemorySegment.ofArray(new byte[9]), 0, 9, null));
    packet.zeroCopy(unmodified -> released[0]++);
    Packet flat = Offload.prepare(packet, NONE).getFirst();
    assertEquals(69, flat.headLength());
    assertEquals(1, released[0]);
  }
}
