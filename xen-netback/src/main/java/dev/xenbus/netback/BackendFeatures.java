package dev.xenbus.netback;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.KernelException;

/// What this backend offers, as nodes.
final class BackendFeatures {
  private BackendFeatures() {}

  /// Publishes it. Mirrors the first half of `netback_probe` (`drivers/net/xen-netback/xenbus.c`).
  ///
  /// @throws KernelException with the store's errno
  static void publish(XenbusDevice device, NetbackParameters parameters) throws KernelException {
    Xenbus xenbus = device.xenbus();
    String dir = device.nodePath();
    try {
      xenbus.transaction(
          tx -> {
            xenbus.write(tx, dir, "feature-sg", "1");
            xenbus.write(tx, dir, "feature-gso-tcpv4", "1");
            xenbus.write(tx, dir, "feature-gso-tcpv6", "1");
            xenbus.write(tx, dir, "feature-ipv6-csum-offload", "1");
            xenbus.write(tx, dir, "feature-rx-copy", "1");
            if (parameters.providesXdpHeadroom()) {
              xenbus.write(tx, dir, "feature-xdp-headroom", "1");
            }
            xenbus.write(tx, dir, "feature-rx-flip", "0");
            xenbus.write(tx, dir, "feature-multicast-control", "1");
            xenbus.write(tx, dir, "feature-dynamic-multicast-control", "1");
            return dir;
          });
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "writing features", e);
    }
    String split = parameters.separateTxRxIrq() ? "1" : "0";
    tryWrite(device, "feature-split-event-channels", split);
    tryWrite(device, "multi-queue-max-queues", Integer.toString(parameters.maxQueues()));
    tryWrite(device, "feature-ctrl-ring", "1");
  }

  /// Writes a node that the frontend can do without.
  private static void tryWrite(XenbusDevice device, String node, String value) {
    try {
      device.xenbus().write(XenbusTransaction.NONE, device.nodePath(), node, value);
    } catch (XenstoreException e) {
      device.reportError(e.errno(), "writing " + node);
    }
  }
}
