package dev.xenbus.netback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The interface `vif<domid>.<handle>` of this kernel, whose other end is a guest's.
///
/// Mirrors `struct xenvif` (`drivers/net/xen-netback/interface.c`). What this kernel sends through
/// it the guest receives; what the guest sends this kernel receives.
final class Vif {
  /// The address that all of them have; no guest has it.
  private static final MacAddress MAC = new MacAddress(0xFEFF_FFFF_FFFFL);

  private static final int MAC_BYTES = 6;

  /// Largest payload if the guest takes one slot a packet (`ETH_DATA_LEN`).
  private static final int MTU_WITHOUT_SCATTER_GATHER = 1500;

  private final Kernel kernel;
  private final XenbusDevice xenbusDevice;
  private final NetbackParameters parameters;
  private final String name;
  private final MulticastList multicast;
  private final HashState hash;
  private final NetDevice device;

  private volatile FrontendFeatures features;
  private volatile List<VifQueue> queues = List.of();
  private volatile boolean isConnected;
  private volatile boolean isDisabled;
  private volatile boolean isMulticastControlled;
  private volatile boolean isLinkWanted;

  // Owned by the watch thread.
  private @Nullable ControlRing control;

  // Interrupts are disabled and polls waited for with it held.
  private final Mutex configurationLock;

  @GuardedBy("configurationLock")
  private boolean isRunning;

  @GuardedBy("configurationLock")
  private int stalledQueues;

  @GuardedBy("configurationLock")
  private final TreeSet<Integer> fullQueues = new TreeSet<>();

  private Vif(Kernel kernel, XenbusDevice xenbusDevice, NetbackParameters parameters, String name)
      throws KernelException {
    this.kernel = kernel;
    this.xenbusDevice = xenbusDevice;
    this.parameters = parameters;
    this.name = name;
    this.features = FrontendFeatures.defaults(parameters);
    this.multicast = new MulticastList(kernel.cpu());
    this.hash = new HashState(kernel.cpu(), parameters.hashCacheSize());
    this.configurationLock = kernel.cpu().mutex(LockClass.of("xenvif_configuration"));
    this.device = kernel.net().register(name, MAC, operations());
  }

  /// Makes the interface: down, without link. Mirrors `xenvif_alloc`.
  ///
  /// @param handle the device's number
  /// @throws KernelException `EEXIST`
  static Vif create(
      Kernel kernel, XenbusDevice xenbusDevice, NetbackParameters parameters, long handle)
      throws KernelException {
    String name = "vif" + xenbusDevice.otherEndDomid() + "." + handle;
    return new Vif(kernel, xenbusDevice, parameters, name);
  }

  Kernel kernel() {
    return kernel;
  }

  XenbusDevice xenbusDevice() {
    return xenbusDevice;
  }

  NetbackParameters parameters() {
    return parameters;
  }

  String name() {
    return name;
  }

  Domid domid() {
    return xenbusDevice.otherEndDomid();
  }

  MulticastList multicast() {
    return multicast;
  }

  HashState hash() {
    return hash;
  }

  FrontendFeatures features() {
    return features;
  }

  void features(FrontendFeatures newFeatures) {
    features = newFeatures;
  }

  /// Sets whether packets to groups that are not on the list are dropped.
  void multicastControlled(boolean isControlled) {
    isMulticastControlled = isControlled;
  }

  List<VifQueue> queues() {
    return queues;
  }

  /// Returns whether a fatal error has disabled it: for good, whatever the guest does.
  boolean isDisabled() {
    return isDisabled;
  }

  // What this kernel does with the interface.

  private NetDeviceOperations operations() {
    return new NetDeviceOperations() {
      @Override
      public void open() {
        running(true);
      }

      @Override
      public void stop() {
        running(false);
      }

      @Override
      public void transmit(Packet packet) {
        startXmit(packet);
      }

      @Override
      public SequencedMap<String, Long> ethtoolStatistics() {
        return QueueStatistics.sum(queues.stream().map(VifQueue::statistics).toList());
      }
    };
  }

  /// Mirrors `xenvif_open` and `xenvif_close`.
  private void running(boolean on) {
    configurationLock.lock();
    try {
      isRunning = on;
      if (isConnected) {
        queues.forEach(on ? VifQueue::up : VifQueue::down);
      }
    } finally {
      configurationLock.unlock();
    }
  }

  /// Queues a packet for the guest, or drops it. Mirrors `xenvif_start_xmit`.
  private void startXmit(Packet packet) {
    List<VifQueue> all = queues;
    if (all.isEmpty() || !isConnected || isDisabled || isFiltered(packet)) {
      dropTx(packet);
      return;
    }
    Optional<PacketHash> flow = hash.hash(packet);
    VifQueue queue = all.get(hash.queueOf(packet, flow, all.size()));
    long expires = kernel.clock().nanos() + features.drainNanos();
    RxQueue.Waiting waiting = new RxQueue.Waiting(packet, expires, flow);
    if (queue.transmit(waiting) != RxQueue.Outcome.QUEUED) {
      dropTx(packet);
    }
  }

  private boolean isFiltered(Packet packet) {
    if (!isMulticastControlled || packet.headLength() < MAC_BYTES) {
      return false;
    }
    long address = 0;
    for (int index = 0; index < MAC_BYTES; index++) {
      address = address << 8 | Byte.toUnsignedLong(packet.head()[index]);
    }
    MacAddress to = new MacAddress(address);
    boolean isGroup = to.isMulticast() && !to.equals(MacAddress.BROADCAST);
    return isGroup && !multicast.contains(address);
  }

  private void dropTx(Packet packet) {
    device.statistics().txDropped().incrementAndGet();
    packet.free();
  }

  // What the queues tell.

  /// Hands a packet from the guest to the network stack.
  void receive(Packet packet) {
    device.receive(packet);
  }

  /// Counts a packet that the guest got.
  void countTx(int bytes) {
    device.statistics().txPackets().incrementAndGet();
    device.statistics().txBytes().addAndGet(bytes);
  }

  /// Counts a packet that waited too long for the guest.
  void countRxDropped() {
    device.statistics().rxDropped().incrementAndGet();
  }

  /// The guest broke the rules of its tx ring: nobody listens to it any more. Mirrors
  /// `xenvif_fatal_tx_err`. The rest is done in a thread that may sleep.
  void fatalTxError(@Nullable String why) {
    log(Printk.Level.ERR, String.valueOf(why));
    log(Printk.Level.ERR, "fatal error; disabling device");
    isDisabled = true;
    List<VifQueue> all = queues;
    if (!all.isEmpty()) {
      all.getFirst().kickRx();
    }
  }

  /// A queue's guest takes no packets any more (`xenvif_queue_carrier_off`).
  void queueStalled() {
    boolean isFirst;
    configurationLock.lock();
    try {
      isFirst = stalledQueues == 0;
      stalledQueues++;
      wantLinkLocked();
    } finally {
      configurationLock.unlock();
    }
    if (isFirst) {
      log(Printk.Level.INFO, "Guest Rx stalled");
    }
    applyLink();
  }

  /// A queue's guest takes packets, for the first time or again (`xenvif_queue_carrier_on`).
  void queueReady() {
    boolean isLast;
    configurationLock.lock();
    try {
      stalledQueues--;
      isLast = stalledQueues == 0;
      wantLinkLocked();
    } finally {
      configurationLock.unlock();
    }
    if (isLast) {
      log(Printk.Level.INFO, "Guest Rx ready");
    }
    applyLink();
  }

  /// A queue has no room, or has room again: the stack sends as long as one has.
  void queueFull(VifQueue queue, boolean isFull) {
    boolean stop;
    configurationLock.lock();
    try {
      boolean changed = isFull ? fullQueues.add(queue.id()) : fullQueues.remove(queue.id());
      if (!changed) {
        return;
      }
      stop = fullQueues.size() == queues.size();
    } finally {
      configurationLock.unlock();
    }
    if (stop) {
      device.stopQueue();
    } else {
      device.wakeQueue();
    }
  }

  @GuardedBy("configurationLock")
  private void wantLinkLocked() {
    isLinkWanted = isConnected && stalledQueues == 0;
  }

  /// Sets the link as it is wanted now. Without a lock, so each caller looks once more after it:
  /// the last one leaves what is wanted.
  private void applyLink() {
    boolean wanted;
    do {
      wanted = isLinkWanted;
      device.carrier(wanted);
    } while (wanted != isLinkWanted);
  }

  // What the state machine does.

  /// Serves the control ring from now on, for so many queues.
  ///
  /// @throws KernelException as [ControlRing#connect]
  void connectControl(int ref, int port, int queueCount) throws KernelException {
    hash.reset(queueCount);
    control = ControlRing.connect(this, ref, port);
  }

  /// Ends the control ring, if there is one.
  void disconnectControl() {
    ControlRing old = control;
    control = null;
    if (old != null) {
      old.close();
    }
    hash.reset(0);
  }

  /// Makes queues, all of them stalled until their threads say otherwise; nothing flows before
  /// [#carrierOn]. If one fails, none is left.
  ///
  /// @throws KernelException as [VifQueue#connect]
  void connectData(QueueNodes nodes, int count, RateLimit limit) throws KernelException {
    configurationLock.lock();
    try {
      stalledQueues = count;
      fullQueues.clear();
    } finally {
      configurationLock.unlock();
    }
    multicast.open();
    List<VifQueue> connected = new ArrayList<>();
    try {
      for (int id = 0; id < count; id++) {
        connected.add(VifQueue.connect(this, id, nodes.read(id), limit));
      }
    } catch (KernelException e) {
      connected.forEach(VifQueue::disconnect);
      multicast.close();
      throw e;
    }
    queues = List.copyOf(connected);
    DebugFiles.add(kernel.files(), name, queues);
  }

  /// Reads what a frontend published of each queue.
  @FunctionalInterface
  interface QueueNodes {
    /// Reads the nodes of one queue.
    ///
    /// @throws KernelException if one is missing or no number
    VifQueue.Nodes read(int queue) throws KernelException;
  }

  /// Lets packets flow. The link comes up once no queue is stalled. Mirrors `xenvif_carrier_on`.
  void carrierOn() {
    device.features(features.interfaceFeatures());
    if (!features.scatterGather() && device.mtu() > MTU_WITHOUT_SCATTER_GATHER) {
      device.mtu(MTU_WITHOUT_SCATTER_GATHER);
    }
    configurationLock.lock();
    try {
      isConnected = true;
      wantLinkLocked();
      if (isRunning) {
        queues.forEach(VifQueue::up);
      }
    } finally {
      configurationLock.unlock();
    }
    applyLink();
    device.wakeQueue();
  }

  /// Lets no packet come in any more: no new one can be in flight once this returns. Mirrors
  /// `xenvif_carrier_off`. May be called twice.
  void carrierOff() {
    configurationLock.lock();
    try {
      boolean wasConnected = isConnected;
      isConnected = false;
      wantLinkLocked();
      if (wasConnected && isRunning) {
        queues.forEach(VifQueue::down);
      }
    } finally {
      configurationLock.unlock();
    }
    applyLink();
  }

  /// Ends all queues, one after the other; waits for as long as a packet holds pages of the guest.
  /// Mirrors `xenvif_disconnect_data`.
  @KernelSymbol(value = "xenvif_disconnect_data", module = "xen_netback")
  void disconnectData() {
    DebugFiles.remove(kernel.files(), name);
    carrierOff();
    for (VifQueue queue : queues) {
      queue.disconnect();
    }
    queues = List.of();
    // After the last poll: nothing is added any more.
    multicast.close();
  }

  /// Changes the limit of all queues.
  void rateLimit(RateLimit limit) {
    queues.forEach(queue -> queue.credit().change(limit));
  }

  /// Removes the interface. Mirrors `xenvif_free`.
  void free() {
    device.unregister();
  }

  /// Logs in the way of `netdev_info` and `netdev_err`.
  void log(Printk.Level level, String text) {
    kernel.printk().log(level, "vif " + xenbusDevice.busId() + " " + name + ": " + text);
  }
}
