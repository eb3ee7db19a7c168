package dev.xenbus.blkback;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.Printk;

/// The nodes by which a backend tells what the disk is like.
final class VbdNodes {
  static final String FEATURE_FLUSH = "feature-flush-cache";
  static final String FEATURE_BARRIER = "feature-barrier";

  private VbdNodes() {}

  /// Publishes the driver's own limits, at probe.
  static void publishLimits(XenbusDevice device, BlkbackOptions options) throws XenstoreException {
    XenbusTransaction none = XenbusTransaction.NONE;
    write(device, none, "feature-max-indirect-segments", BlkbackOptions.INDIRECT_SEGMENTS_MAX);
    write(device, none, "multi-queue-max-queues", options.queuesMax());
    write(device, none, "max-ring-page-order", options.ringPageOrderMax());
  }

  /// Publishes the disk, in one transaction: what `connect` of the real driver writes before it
  /// goes to Connected.
  static void publishDisk(Blkif blkif) throws XenstoreException {
    blkif.device().xenbus().transaction(tx -> publishDisk(blkif, tx));
  }

  private static boolean publishDisk(Blkif blkif, XenbusTransaction tx) throws XenstoreException {
    XenbusDevice device = blkif.device();
    Vbd vbd = blkif.openVbd();
    DiskOptions disk = vbd.disk().options();
    write(device, tx, FEATURE_FLUSH, disk.writeCache() ? 1 : 0);
    publishDiscard(device, tx, disk);
    write(device, tx, FEATURE_BARRIER, disk.writeCache() ? 1 : 0);
    write(device, tx, "feature-persistent", blkif.options().persistent() ? 1 : 0);
    write(device, tx, "sectors", vbd.publishedSectors());
    write(device, tx, "info", vbd.info());
    write(device, tx, "sector-size", disk.sectorBytes());
    write(device, tx, "physical-sector-size", disk.physicalSectorBytes());
    return true;
  }

  private static void publishDiscard(XenbusDevice device, XenbusTransaction tx, DiskOptions disk)
      throws XenstoreException {
    if (device.xenbus().readUnsigned(device.nodePath(), "discard-enable", 1) == 0) {
      return;
    }
    if (disk.discard()) {
      write(device, tx, "discard-granularity", disk.physicalSectorBytes());
      write(device, tx, "discard-alignment", 0);
      write(device, tx, "discard-secure", 0);
    }
    write(device, tx, "feature-discard", disk.discard() ? 1 : 0);
  }

  /// Withdraws a feature that the disk turned out not to have.
  static void withdraw(Blkif blkif, String feature) {
    try {
      write(blkif.device(), XenbusTransaction.NONE, feature, 0);
    } catch (XenstoreException e) {
      blkif.device().reportError(e.errno(), "writing " + feature);
    }
  }

  /// Publishes the disk's new size, and the state once more, so that the frontend looks
  /// (`xen_vbd_resize`). In a ring's worker.
  static void resize(Blkif blkif) {
    XenbusDevice device = blkif.device();
    Vbd vbd = blkif.openVbd();
    Printk printk = blkif.kernel().printk();
    printk.info(
        "xen-blkback: VBD Resize: Domid: %s, Device: (%s)"
            .formatted(device.otherEndDomid(), vbd.disk().number()));
    printk.info("xen-blkback: VBD Resize: new size " + vbd.publishedSectors());
    Xenbus xenbus = device.xenbus();
    try {
      xenbus.transaction(
          tx -> {
            write(device, tx, "sectors", vbd.publishedSectors());
            write(device, tx, "state", device.state().code());
            return true;
          });
    } catch (XenstoreException e) {
      printk.warn("xen-blkback: Error writing new size: " + e.getMessage());
    }
  }

  private static void write(XenbusDevice device, XenbusTransaction tx, String node, long value)
      throws XenstoreException {
    device.xenbus().write(tx, device.nodePath(), node, Long.toString(value));
  }
}
