package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.Printk;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// Reads what a frontend published and connects the interface to it.
///
/// Mirrors `connect` (`drivers/net/xen-netback/xenbus.c`). Threads: as [NetbackDevice].
final class VifConnector {
  private static final long UNSIGNED_INT_MAX = 0xFFFF_FFFFL;
  private static final String PORTS = "event-channel(-tx/rx)";

  private final XenbusDevice device;
  private final Vif vif;
  private final NetbackParameters parameters;
  private final List<XenbusWatch> watches = new ArrayList<>();

  VifConnector(XenbusDevice device, Vif vif, NetbackParameters parameters) {
    this.device = device;
    this.vif = vif;
    this.parameters = parameters;
  }

  /// Connects.
  ///
  /// @return false if it failed: then the device was failed and nothing is left of the attempt
  boolean connect() {
    try {
      int queues = readQueueCount();
      readMac();
      RateLimit limit = readRate();
      unwatch();
      watch();
      vif.features(FrontendFeatures.read(device, parameters));
      readMulticastControl();
      connectControl(queues);
      vif.connectData(queue -> readQueue(queue, queues), queues, limit);
    } catch (KernelException e) {
      vif.disconnectControl();
      device.failDevice(e.errno(), String.valueOf(e.getMessage()));
      return false;
    }
    vif.carrierOn();
    return true;
  }

  private int readQueueCount() throws KernelException {
    long queues = device.xenbus().readUnsigned(device.otherEndPath(), "multi-queue-num-queues", 1);
    if (queues < 1 || queues > parameters.maxQueues()) {
      throw new KernelException(
          Errno.EINVAL,
          "guest requested %d queues, exceeding the maximum of %d."
              .formatted(queues, parameters.maxQueues()));
    }
    return (int) queues;
  }

  /// Only checks it: the interface of this end has an address of its own. Mirrors
  /// `xen_net_read_mac`.
  private void readMac() throws KernelException {
    String path = device.nodePath() + "/mac";
    try {
      String text = device.xenbus().read(XenbusTransaction.NONE, device.nodePath(), "mac");
      if (MacAddress.parse(text).isEmpty()) {
        throw new KernelException(Errno.ENOENT, "parsing " + path);
      }
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "parsing " + path, e);
    }
  }

  private RateLimit readRate() {
    String text;
    try {
      text = device.xenbus().read(XenbusTransaction.NONE, device.nodePath(), "rate");
    } catch (XenstoreException _) {
      return RateLimit.NONE;
    }
    return RateLimit.parse(text).orElseGet(this::unparsableRate);
  }

  private RateLimit unparsableRate() {
    vif.log(Printk.Level.WARNING, "Failed to parse network rate limit. Traffic unlimited.");
    return RateLimit.NONE;
  }

  /// Watches what may change while connected. A watch that fails has failed the device already.
  private void watch() throws KernelException {
    watches.add(device.watch(device.nodePath() + "/rate", _ -> vif.rateLimit(readRate())));
    watches.add(
        device.watch(
            device.otherEndPath() + "/request-multicast-control", _ -> readMulticastControl()));
  }

  /// Mirrors `connect_ctrl_ring`.
  private void connectControl(int queues) throws KernelException {
    String dir = device.otherEndPath();
    OptionalLong ref = tryRead(dir, "ctrl-ring-ref");
    if (ref.isEmpty()) {
      return; // The frontend has none.
    }
    OptionalLong port = tryRead(dir, "event-channel-ctrl");
    if (port.isEmpty()) {
      throw new KernelException(Errno.ENOENT, "reading %s/event-channel-ctrl".formatted(dir));
    }
    vif.connectControl(
        unsigned(ref.getAsLong(), dir + "/ctrl-ring-ref"),
        unsigned(port.getAsLong(), dir + "/event-channel-ctrl"),
        queues);
  }

  private void readMulticastControl() {
    Xenbus xenbus = device.xenbus();
    vif.multicastControlled(
        xenbus.readUnsigned(device.otherEndPath(), "request-multicast-control", 0) != 0);
  }

  /// Ends the watches.
  void unwatch() {
    watches.forEach(XenbusWatch::close);
    watches.clear();
  }

  /// Reads the nodes of one queue; with one queue alone they stand at the top. Mirrors
  /// `connect_data_rings`.
  private VifQueue.Nodes readQueue(int queue, int queues) throws KernelException {
    String dir = device.otherEndPath() + (queues == 1 ? "" : "/queue-" + queue);
    int txRef = gather(dir, "tx-ring-ref", "ring-ref");
    int rxRef = gather(dir, "rx-ring-ref", "ring-ref");
    OptionalLong txPort = tryRead(dir, "event-channel-tx");
    OptionalLong rxPort = tryRead(dir, "event-channel-rx");
    if (txPort.isEmpty() || rxPort.isEmpty()) {
      int both = gather(dir, "event-channel", PORTS);
      return new VifQueue.Nodes(txRef, rxRef, both, both);
    }
    int tx = unsigned(txPort.getAsLong(), dir + "/" + PORTS);
    int rx = unsigned(rxPort.getAsLong(), dir + "/" + PORTS);
    return new VifQueue.Nodes(txRef, rxRef, tx, rx);
  }

  private OptionalLong tryRead(String dir, String node) {
    return device.xenbus().tryReadNumber(XenbusTransaction.NONE, dir, node);
  }

  /// Reads one number.
  ///
  /// @param what the name that stands in the error
  private int gather(String dir, String node, String what) throws KernelException {
    String path = dir + "/" + what;
    try {
      return unsigned(device.xenbus().gatherNumber(dir, node), path);
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "reading " + path, e);
    }
  }

  private static int unsigned(long value, String path) throws KernelException {
    if (value < 0 || value > UNSIGNED_INT_MAX) {
      throw new KernelException(Errno.EINVAL, "reading " + path);
    }
    return (int) value;
  }
}
