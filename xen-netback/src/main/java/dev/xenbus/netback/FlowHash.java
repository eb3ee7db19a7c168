package dev.xenbus.netback;

import dev.xenbus.linux.api.Packet;

/// Picks a queue for a packet in the place of the network stack, so that packets of one flow stay
/// in order.
///
/// Differs: the stack's own hash has a random seed at each boot (`skb_get_hash`); this one has
/// none, so that a run can be repeated.
final class FlowHash {
  private static final int TYPE_AT = 12;
  private static final int IP_AT = 14;
  private static final int TYPE_IPV4 = 0x0800;
  private static final int IPV4_HEADER_BYTES = 20;
  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;

  private FlowHash() {}

  /// Returns the queue of the packet's flow: addresses and ports where they are known, else the
  /// Ethernet header.
  static int queueOf(Packet packet, int queues) {
    return Integer.remainderUnsigned(hash(packet.head(), packet.headLength()), queues);
  }

  private static int hash(byte[] head, int length) {
    if (length < IP_AT + IPV4_HEADER_BYTES || type(head) != TYPE_IPV4) {
      return mix(head, 0, Math.min(length, IP_AT));
    }
    int protocol = head[IP_AT + 9];
    boolean hasPorts = protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP;
    int ports = IP_AT + (head[IP_AT] & 0x0F) * 4;
    int end = hasPorts ? Math.min(length, ports + 4) : 0;
    return mix(head, IP_AT + 12, IP_AT + IPV4_HEADER_BYTES) * 31
        + (hasPorts ? mix(head, Math.min(ports, end), end) : 0);
  }

  private static int type(byte[] head) {
    return (head[TYPE_AT] & 0xFF) << 8 | (head[TYPE_AT + 1] & 0xFF);
  }

  /// FNV-1a, then folded, since the low bits choose.
  private static int mix(byte[] bytes, int from, int to) {
    int hash = 0x811C_9DC5;
    for (int at = from; at < to; at++) {
      hash = (hash ^ (bytes[at] & 0xFF)) * 0x0100_0193;
    }
    return hash ^ hash >>> 16;
  }
}
