package dev.xenbus.netback;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.Packet;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/// What a frontend said of itself when it connected.
///
/// @param scatterGather whether it takes packets of several slots
/// @param gsoTcpv4 whether it takes large TCP packets over IPv4
/// @param gsoTcpv6 whether it takes large TCP packets over IPv6
/// @param checksumIpv4 whether it takes blank checksums over IPv4
/// @param checksumIpv6 whether it takes blank checksums over IPv6
/// @param drainNanos how long a packet may wait for its buffers
/// @param stallNanos after how long without a delivery a queue is stalled; 0 for never
/// @param xdpHeadroom bytes that it wants free in front of the data
record FrontendFeatures(
    boolean scatterGather,
    boolean gsoTcpv4,
    boolean gsoTcpv6,
    boolean checksumIpv4,
    boolean checksumIpv6,
    long drainNanos,
    long stallNanos,
    int xdpHeadroom) {
  /// How long a packet waits if the frontend does not say when it posts buffers.
  private static final long POLLED_DRAIN_NANOS = Duration.ofMillis(30).toNanos();

  /// Most room in front of the data that a frontend gets.
  private static final int XDP_HEADROOM_MAX = 32767;

  /// What holds for a frontend that does not take copies.
  static FrontendFeatures defaults(NetbackParameters parameters) {
    return new FrontendFeatures(
        true, false, false, true, false, parameters.rxDrainNanos(), parameters.rxStallNanos(), 0);
  }

  /// Reads the nodes. A frontend without `request-rx-copy` keeps the defaults, whatever else it
  /// wrote: the caller ignores that this is an error. Mirrors `read_xenbus_vif_flags`
  /// (`drivers/net/xen-netback/xenbus.c`).
  static FrontendFeatures read(XenbusDevice device, NetbackParameters parameters) {
    Xenbus xenbus = device.xenbus();
    String dir = device.otherEndPath();
    if (!readsRxCopy(xenbus, dir)) {
      return defaults(parameters);
    }
    boolean notifies = flag(xenbus, dir, "feature-rx-notify");
    return new FrontendFeatures(
        flag(xenbus, dir, "feature-sg"),
        flag(xenbus, dir, "feature-gso-tcpv4"),
        flag(xenbus, dir, "feature-gso-tcpv6"),
        !flag(xenbus, dir, "feature-no-csum-offload"),
        flag(xenbus, dir, "feature-ipv6-csum-offload"),
        notifies ? parameters.rxDrainNanos() : POLLED_DRAIN_NANOS,
        notifies ? parameters.rxStallNanos() : 0,
        readXdpHeadroom(device, parameters));
  }

  private static boolean readsRxCopy(Xenbus xenbus, String dir) {
    try {
      return xenbus.readNumber(XenbusTransaction.NONE, dir, "request-rx-copy") != 0;
    } catch (XenstoreException _) {
      return false;
    }
  }

  /// Reads the room in front of the data. Mirrors `read_xenbus_frontend_xdp`.
  static int readXdpHeadroom(XenbusDevice device, NetbackParameters parameters) {
    if (!parameters.providesXdpHeadroom()) {
      return 0;
    }
    long asked = device.xenbus().readUnsigned(device.otherEndPath(), "xdp-headroom", 0);
    return Math.clamp(asked, 0, XDP_HEADROOM_MAX);
  }

  private static boolean flag(Xenbus xenbus, String dir, String node) {
    return xenbus.readUnsigned(dir, node, 0) != 0;
  }

  FrontendFeatures withXdpHeadroom(int bytes) {
    return new FrontendFeatures(
        scatterGather,
        gsoTcpv4,
        gsoTcpv6,
        checksumIpv4,
        checksumIpv6,
        drainNanos,
        stallNanos,
        bytes);
  }

  /// Returns whether it takes packets with that kind of segmentation left to do.
  boolean takes(Packet.Gso gso) {
    return switch (gso) {
      case NONE -> false;
      case TCPV4 -> gsoTcpv4;
      case TCPV6 -> gsoTcpv6;
    };
  }

  /// Returns what the interface need not have done by the stack. Mirrors `xenvif_fix_features`.
  Set<NetDevice.Feature> interfaceFeatures() {
    Set<NetDevice.Feature> features = EnumSet.noneOf(NetDevice.Feature.class);
    if (scatterGather) {
      features.add(NetDevice.Feature.SCATTER_GATHER);
    }
    if (checksumIpv4) {
      features.add(NetDevice.Feature.CHECKSUM);
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
