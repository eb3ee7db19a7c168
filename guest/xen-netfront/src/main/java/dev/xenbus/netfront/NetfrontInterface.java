package dev.xenbus.netfront;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.FlowHash;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.SpinLock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The interface `eth0` of this guest, whose other end is a backend's.
///
/// Mirrors `struct netfront_info` (`drivers/net/xen-netfront.c`). It is registered when it connects
/// for the first time, and survives reconnects.
final class NetfrontInterface {
  /// Most interfaces of a guest that are looked at for a free name.
  private static final int NAMES_MAX = 256;

  /// At most one line about broken packets in this time.
  private static final long REPORT_NANOS = Duration.ofSeconds(5).toNanos();

  private final Kernel kernel;
  private final XenbusDevice xenbusDevice;
  private final AtomicLong gsoChecksumFixups = new AtomicLong();
  private final RxReader.Counters rxCounters =
      new RxReader.Counters(this::rxError, gsoChecksumFixups);

  private volatile @Nullable NetDevice device;
  private volatile String name = "eth";
  private volatile List<NetfrontQueue> queues = List.of();
  private volatile boolean isBroken;
  private volatile boolean isConnected;
  private volatile long lastReportNanos = -REPORT_NANOS;

  // Polls are waited for with it held.
  private final Mutex configurationLock;

  @GuardedBy("configurationLock")
  private boolean isRunning;

  private final SpinLock fullLock;

  @GuardedBy("fullLock")
  private final TreeSet<Integer> fullQueues = new TreeSet<>();

  NetfrontInterface(Kernel kernel, XenbusDevice xenbusDevice) {
    this.kernel = kernel;
    this.xenbusDevice = xenbusDevice;
    this.configurationLock = kernel.cpu().mutex(LockClass.of("xennet_configuration"));
    this.fullLock = kernel.cpu().spinLock(LockClass.of("xennet_full"));
  }

  Kernel kernel() {
    return kernel;
  }

  XenbusDevice xenbusDevice() {
    return xenbusDevice;
  }

  /// Returns the device's number on its bus, such as `0`.
  String devid() {
    String path = xenbusDevice.nodePath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /// Returns its name, such as `eth0`.
  String name() {
    return name;
  }

  boolean isBroken() {
    return isBroken;
  }

  RxReader.Counters rxCounters() {
    return rxCounters;
  }

  /// Registers it under the first free name, unless it is registered.
  ///
  /// @throws KernelException `EEXIST` if all names are taken
  void register(MacAddress mac) throws KernelException {
    if (device != null) {
      return;
    }
    for (int number = 0; number < NAMES_MAX; number++) {
      String candidate = "eth" + number;
      if (kernel.net().device(candidate).isEmpty()) {
        name = candidate;
        device = kernel.net().register(candidate, mac, operations());
        return;
      }
    }
    throw new KernelException(Errno.EEXIST, "no name is free for a network interface");
  }

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
        SequencedMap<String, Long> statistics = new LinkedHashMap<>();
        statistics.put("rx_gso_checksum_fixup", gsoChecksumFixups.get());
        return statistics;
      }
    };
  }

  /// Mirrors `xennet_open` and `xennet_close`.
  private void running(boolean on) {
    configurationLock.lock();
    try {
      isRunning = on;
      queues.forEach(on ? NetfrontQueue::enable : NetfrontQueue::disable);
    } finally {
      configurationLock.unlock();
    }
  }

  /// Sends a packet, or drops it. Mirrors `xennet_start_xmit`.
  private void startXmit(Packet packet) {
    List<NetfrontQueue> all = queues;
    int length = packet.length();
    boolean canSend =
        !all.isEmpty() && isConnected && !isBroken && length <= NetifLimits.PACKET_BYTES_MAX;
    boolean isSent = canSend && all.get(FlowHash.queueOf(packet, all.size())).send(packet);
    NetDevice net = device;
    if (net != null && isSent) {
      net.statistics().txPackets().incrementAndGet();
      net.statistics().txBytes().addAndGet(length);
    } else if (net != null) {
      net.statistics().txDropped().incrementAndGet();
    }
    packet.free();
  }

  /// Hands a packet from the backend to the network stack.
  void receive(Packet packet) {
    NetDevice net = device;
    if (net == null) {
      packet.free();
    } else {
      net.receive(packet);
    }
  }

  /// The ring of a queue is full, or has room again: the stack sends as long as one has.
  void queueFull(NetfrontQueue queue, boolean isFull) {
    boolean stop;
    fullLock.lock();
    try {
      boolean changed = isFull ? fullQueues.add(queue.id()) : fullQueues.remove(queue.id());
      if (!changed) {
        return;
      }
      stop = fullQueues.size() == queues.size();
    } finally {
      fullLock.unlock();
    }
    NetDevice net = device;
    if (net != null && stop) {
      net.stopQueue();
    } else if (net != null) {
      net.wakeQueue();
    }
  }

  private void rxError(String why) {
    NetDevice net = device;
    if (net != null) {
      net.statistics().rxErrors().incrementAndGet();
    }
    long now = kernel.clock().nanos();
    if (now - lastReportNanos >= REPORT_NANOS) {
      lastReportNanos = now;
      kernel.printk().warn(prefix() + why);
    }
  }

  /// The backend cannot be believed any more: nothing is sent or received until it connects anew.
  void broken(BrokenBackend why) {
    if (!isBroken) {
      isBroken = true;
      kernel.printk().error(prefix() + why.getMessage());
      kernel.printk().error(prefix() + "Disabled for further use");
    }
  }

  private String prefix() {
    return "vif " + xenbusDevice.busId() + " " + name + ": ";
  }

  /// Makes queues, in the place of those that there were; they are not used yet.
  ///
  /// @throws KernelException `ENOMEM`, `ENOSPC`; no queue is left then
  List<NetfrontQueue> createQueues(int count, boolean split) throws KernelException {
    disconnect();
    isBroken = false;
    var made = new java.util.ArrayList<NetfrontQueue>();
    try {
      for (int id = 0; id < count; id++) {
        made.add(NetfrontQueue.create(this, id, split));
      }
    } catch (KernelException e) {
      made.forEach(NetfrontQueue::close);
      throw e;
    }
    return List.copyOf(made);
  }

  /// Starts using queues that the backend knows of.
  void connect(List<NetfrontQueue> made, BackendFeatures features) {
    NetDevice net = device;
    if (net != null) {
      net.features(features.interfaceFeatures());
    }
    configurationLock.lock();
    try {
      queues = made;
      if (isRunning) {
        made.forEach(NetfrontQueue::enable);
      }
    } finally {
      configurationLock.unlock();
    }
    isConnected = true;
    if (net != null) {
      net.carrier(true);
      net.wakeQueue();
    }
    made.forEach(NetfrontQueue::begin);
  }

  /// Stops using the queues and gives back all that they have. Mirrors `xennet_disconnect_backend`.
  void disconnect() {
    isConnected = false;
    NetDevice net = device;
    if (net != null) {
      net.carrier(false);
    }
    List<NetfrontQueue> old;
    configurationLock.lock();
    try {
      old = queues;
      queues = List.of();
    } finally {
      configurationLock.unlock();
    }
    old.forEach(NetfrontQueue::close);
    fullLock.lock();
    try {
      fullQueues.clear();
    } finally {
      fullLock.unlock();
    }
  }

  /// Tells the neighbours where this guest is (`netdev_notify_peers`).
  void announce() {
    NetDevice net = device;
    if (net != null) {
      net.notifyPeers();
    }
  }

  /// Removes the interface, if it was registered.
  void unregister() {
    NetDevice net = device;
    if (net != null) {
      net.unregister();
      device = null;
    }
  }
}
