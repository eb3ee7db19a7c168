package dev.xenbus.abi.io.netif;

/// Numbers on which both ends of a network interface agree (`xen/include/public/io/netif.h`).
public final class NetifLimits {
  /// Bytes of a slot of the tx ring: 256 slots in a page.
  public static final int TX_SLOT_BYTES = 12;

  /// Bytes of a slot of the rx ring: 256 slots in a page.
  public static final int RX_SLOT_BYTES = 8;

  /// Bytes of a slot of the control ring: 128 slots in a page.
  public static final int CONTROL_SLOT_BYTES = 16;

  /// Data slots that every backend takes for one packet (`XEN_NETIF_NR_SLOTS_MIN`).
  public static final int PACKET_SLOTS_MIN = 18;

  /// Bytes of the largest packet.
  public static final int PACKET_BYTES_MAX = 65535;

  /// Bytes of an Ethernet header: the least that a packet has.
  public static final int ETHERNET_HEADER_BYTES = 14;

  private NetifLimits() {}
}
