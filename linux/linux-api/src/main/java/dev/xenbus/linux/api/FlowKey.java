package dev.xenbus.linux.api;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What of a packet's headers names its flow (`struct flow_keys`, as far as drivers of virtual
/// network devices look). Immutable.
public final class FlowKey {
  private static final int TYPE_AT = 12;
  private static final int IP_AT = 14;
  private static final int TYPE_IPV4 = 0x0800;
  private static final int TYPE_IPV6 = 0x86DD;
  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;
  private static final int FRAGMENT_MASK = 0x3FFF;
  private static final int PROTOCOL_TCP = 6;
  private static final int PORTS_BYTES = 4;

  private final boolean isIpv6;
  private final boolean hasTcp;
  private final byte[] tuple;

  private FlowKey(boolean isIpv6, boolean hasTcp, byte[] tuple) {
    this.isIpv6 = isIpv6;
    this.hasTcp = hasTcp;
    this.tuple = tuple;
  }

  /// Reads the headers, as far as they lie in the head; null if it is neither IPv4 nor IPv6.
  ///
  /// @param head begins with the Ethernet header
  /// @param length how many of its bytes count
  public static @Nullable FlowKey of(byte[] head, int length) {
    if (length >= IP_AT + IPV4_BYTES && u16(head, TYPE_AT) == TYPE_IPV4) {
      int headerBytes = (head[IP_AT] & 0x0F) * 4;
      boolean isFragment = (u16(head, IP_AT + 6) & FRAGMENT_MASK) != 0;
      boolean isTcp = head[IP_AT + 9] == PROTOCOL_TCP && !isFragment && headerBytes >= IPV4_BYTES;
      return key(head, length, false, IP_AT + 12, 8, isTcp ? IP_AT + headerBytes : length);
    }
    if (length >= IP_AT + IPV6_BYTES && u16(head, TYPE_AT) == TYPE_IPV6) {
      boolean isTcp = head[IP_AT + 6] == PROTOCOL_TCP;
      return key(head, length, true, IP_AT + 8, 32, isTcp ? IP_AT + IPV6_BYTES : length);
    }
    return null;
  }

  private static FlowKey key(
      byte[] head, int length, boolean isIpv6, int addressesAt, int addressBytes, int portsAt) {
    boolean hasPorts = portsAt + PORTS_BYTES <= length;
    byte[] tuple = new byte[addressBytes + (hasPorts ? PORTS_BYTES : 0)];
    System.arraycopy(head, addressesAt, tuple, 0, addressBytes);
    if (hasPorts) {
      System.arraycopy(head, portsAt, tuple, addressBytes, PORTS_BYTES);
    }
    return new FlowKey(isIpv6, hasPorts, tuple);
  }

  private static int u16(byte[] bytes, int at) {
    return (bytes[at] & 0xFF) << 8 | (bytes[at + 1] & 0xFF);
  }

  /// Returns whether it is IPv6, else it is IPv4.
  public boolean isIpv6() {
    return isIpv6;
  }

  /// Returns whether it has TCP ports.
  public boolean hasTcp() {
    return hasTcp;
  }

  /// Returns what is hashed: source address, destination address, source port, destination port, as
  /// they stand in the packet; the ports are missing without TCP.
  public byte[] tuple() {
    return tuple.clone();
  }

  /// Returns this flow without its ports.
  public FlowKey withoutPorts() {
    return new FlowKey(isIpv6, false, Arrays.copyOf(tuple, isIpv6 ? 32 : 8));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FlowKey key
        && isIpv6 == key.isIpv6
        && hasTcp == key.hasTcp
        && Arrays.equals(tuple, key.tuple);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(tuple);
  }
}
