package dev.xenbus.netfront;

import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.Packet;
import java.util.EnumSet;
import java.util.Set;

/// What a backend offers.
///
/// @param rxCopy whether it copies into our pages
/// @param scatterGather whether it takes packets of several slots
/// @param gsoTcpv4 whether it takes large TCP packets over IPv4
/// @param gsoTcpv6 whether it takes large TCP packets over IPv6
/// @param splitEventChannels whether each direction may have an event channel of its own
/// @param queuesMax how many queues it serves; 0 if it knows of none
/// @param xdpHeadroom whether it leaves room in front of the data
record BackendFeatures(
    boolean rxCopy,
    boolean scatterGather,
    boolean gsoTcpv4,
    boolean gsoTcpv6,
    boolean splitEventChannels,
    int queuesMax,
    boolean xdpHeadroom) {
  private static final int QUEUES_LIMIT = 256;

  /// Reads the nodes.
  static BackendFeatures read(XenbusDevice device) {
    Xenbus xenbus = device.xenbus();
    String dir = device.otherEndPath();
    return new BackendFeatures(
        flag(xenbus, dir, "feature-rx-copy"),
        flag(xenbus, dir, "feature-sg"),
        flag(xenbus, dir, "feature-gso-tcpv4"),
        flag(xenbus, dir, "feature-gso-tcpv6"),
        flag(xenbus, dir, "feature-split-event-channels"),
        (int) Math.min(xenbus.readUnsigned(dir, "multi-queue-max-queues", 0), QUEUES_LIMIT),
        flag(xenbus, dir, "feature-xdp-headroom"));
  }

  private static boolean flag(Xenbus xenbus, String dir, String node) {
    return xenbus.readUnsigned(dir, node, 0) != 0;
  }

  /// Returns whether it takes packets with that kind of segmentation left to do.
  boolean takes(Packet.Gso gso) {
    return switch (gso) {
      case NONE -> true;
      case TCPV4 -> gsoTcpv4;
      case TCPV6 -> gsoTcpv6;
    };
  }

  /// Returns what the stack need not do. Mirrors `xennet_fix_features`
  /// (`drivers/net/xen-netfront.c`).
  Set<NetDevice.Feature> interfaceFeatures() {
    Set<NetDevice.Feature> features = EnumSet.of(NetDevice.Feature.CHECKSUM);
    if (scatterGather) {
      features.add(NetDevice.Feature.SCATTER_GATHER);
    }
    if (gsoTcpv4) {
      features.add(NetDevice.Feature.TCPV4_SEGMENTATION);
    }
    if (gsoTcpv6) {
      features.add(NetDevice.Feature.TCPV6_SEGMENTATION);
    }
    return features;
  }
}
