package dev.xenbus.linux.api;

/// Picks a queue for a packet in the place of the network stack, so that packets of one flow stay
/// in order.
///
/// Differs: the stack's own hash has a random seed at each boot (`skb_get_hash`); this one has
/// none, so that a run can be repeated.
public final class FlowHash {
  private static final int ETHERNET_BYTES = 14;

  private FlowHash() {}

  /// Returns the queue of the packet's flow: addresses and ports where they are known, else the
  /// Ethernet header.
  ///
  /// @param queues how many there are, at least 1
  /// @return below that number
  public static int queueOf(Packet packet, int queues) {
    return Integer.remainderUnsigned(hash(packet.head(), packet.headLength()), queues);
  }

  private static int hash(byte[] head, int length) {
    FlowKey key = FlowKey.of(head, length);
    if (key == null) {
      return mix(head, Math.min(length, ETHERNET_BYTES));
    }
    byte[] tuple = key.tuple();
    return mix(tuple, tuple.length);
  }

  /// FNV-1a, then folded, since the low bits choose.
  private static int mix(byte[] bytes, int length) {
    int hash = 0x811C_9DC5;
    for (int at = 0; at < length; at++) {
      hash = (hash ^ (bytes[at] & 0xFF)) * 0x0100_0193;
    }
    return hash ^ hash >>> 16;
  }
}
