package dev.xenbus.linux.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Flows of TCP, of IP without ports, and of what is no IP.
class FlowHashTest {
  private static final int HEAD_BYTES = 54;
  private static final int FRAGMENT_AT = 20;
  private static final int PROTOCOL_AT = 23;
  private static final int ADDRESSES_AT = 26;
  private static final int PORTS_AT = 34;
  private static final byte TCP = 6;
  private static final byte UDP = 17;

  private static byte[] ipv4(int protocol, int port) {
    byte[] head = new byte[HEAD_BYTES];
    head[12] = 0x08;
    head[14] = 0x45;
    head[PROTOCOL_AT] = (byte) protocol;
    head[ADDRESSES_AT] = 10;
    head[PORTS_AT] = (byte) (port >> 8);
    head[PORTS_AT + 1] = (byte) port;
    return head;
  }

  private static FlowKey key(byte[] head) {
    return Objects.requireNonNull(FlowKey.of(head, head.length));
  }

  @Test
  void portsBelongToFlowsOfTcpAlone() {
    assertTrue(key(ipv4(TCP, 80)).hasTcp());
    assertNotEquals(key(ipv4(TCP, 80)), key(ipv4(TCP, 81)));
    assertEquals(key(ipv4(TCP, 80)).withoutPorts(), key(ipv4(TCP, 81)).withoutPorts());
    assertEquals(key(ipv4(UDP, 80)), key(ipv4(UDP, 81)));
  }

  @Test
  void fragmentHasNoPorts() {
    byte[] head = ipv4(TCP, 80);
    head[FRAGMENT_AT + 1] = 1;
    assertEquals(key(ipv4(UDP, 80)), key(head));
  }

  @Test
  void headThatIsTooShortHasNoFlow() {
    byte[] head = ipv4(TCP, 80);
    assertNull(FlowKey.of(head, 33));
    assertEquals(key(ipv4(UDP, 0)), FlowKey.of(head, 37));
  }

  @Test
  void flowOfIpv6HasItsPorts() {
    byte[] head = new byte[58];
    head[12] = (byte) 0x86;
    head[13] = (byte) 0xDD;
    head[20] = TCP;
    head[57] = 80;
    assertTrue(key(head).isIpv6());
    assertEquals(36, key(head).tuple().length);
    assertEquals(80, key(head).tuple()[35]);
  }

  @Test
  void frameThatIsNoIpGoesByItsEthernetHeader() {
    byte[] arp = new byte[HEAD_BYTES];
    arp[12] = 0x08;
    arp[13] = 0x06;
    assertNull(FlowKey.of(arp, arp.length));
    byte[] same = arp.clone();
    same[HEAD_BYTES - 1] = 1; // behind the header
    assertEquals(FlowHash.queueOf(new Packet(arp), 64), FlowHash.queueOf(new Packet(same), 64));
    Set<Integer> used = new HashSet<>();
    for (int host = 0; host < 100; host++) {
      arp[5] = (byte) host;
      used.add(FlowHash.queueOf(new Packet(arp), 4));
    }
    assertEquals(Set.of(0, 1, 2, 3), used);
  }

  @Test
  void packetsOfOneFlowGoToOneQueueAndFlowsSpread() {
    Set<Integer> used = new HashSet<>();
    for (int port = 0; port < 100; port++) {
      int queue = FlowHash.queueOf(new Packet(ipv4(TCP, port)), 4);
      assertEquals(queue, FlowHash.queueOf(new Packet(ipv4(TCP, port)), 4));
      used.add(queue);
    }
    assertEquals(Set.of(0, 1, 2, 3), used);
  }
}
