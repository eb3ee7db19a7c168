package dev.xenbus.linux.net;

import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.NetStatistics;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.KernelSymbol;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A device of a [NetStack].
///
/// Up and down, and which bridge it is a port of, change under the stack's `rtnl_mutex` alone and
/// are read by anyone.
final class EthernetDevice implements NetDevice {
  /// The payload of an Ethernet frame.
  private static final int MTU_DEFAULT = 1500;

  private final NetStack stack;
  private final int index;
  private final String name;
  private final MacAddress mac;
  private final NetDeviceOperations operations;
  private final NetStatistics statistics = new NetStatistics();

  private volatile int mtu = MTU_DEFAULT;
  private volatile boolean carrier;
  private volatile boolean up;
  private volatile boolean stopped;
  private volatile boolean registered = true;
  private volatile @Nullable LearningBridge bridge;
  private volatile Set<Feature> features = unmodifiable(EnumSet.allOf(Feature.class));

  EthernetDevice(
      NetStack stack, int index, String name, MacAddress mac, NetDeviceOperations operations) {
    this.stack = stack;
    this.index = index;
    this.name = name;
    this.mac = mac;
    this.operations = operations;
  }

  private static Set<Feature> unmodifiable(EnumSet<Feature> set) {
    return Collections.unmodifiableSet(set);
  }

  /// Returns its number, from 1, in the order of registration (`ifindex`).
  int index() {
    return index;
  }

  NetDeviceOperations operations() {
    return operations;
  }

  @Nullable LearningBridge bridge() {
    return bridge;
  }

  /// Makes it a port of `newBridge`, or of none; under `rtnl_mutex`.
  void bridge(@Nullable LearningBridge newBridge) {
    bridge = newBridge;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public MacAddress mac() {
    return mac;
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public void mtu(int bytes) {
    mtu = bytes;
  }

  @Override
  public void carrier(boolean on) {
    carrier = on;
  }

  @Override
  public boolean carrier() {
    return carrier;
  }

  @Override
  @KernelSymbol("dev_open")
  public void up() {
    stack.rtnl().lock();
    try {
      if (!up && registered) {
        operations.open();
        up = true;
      }
    } finally {
      stack.rtnl().unlock();
    }
  }

  @Override
  @KernelSymbol("dev_close")
  public void down() {
    stack.rtnl().lock();
    try {
      downLocked();
    } finally {
      stack.rtnl().unlock();
    }
  }

  /// Takes it down; under `rtnl_mutex`.
  void downLocked() {
    if (up) {
      up = false;
      operations.stop();
    }
  }

  @Override
  public boolean isUp() {
    return up;
  }

  /// Returns whether packets can leave through it: up, with link.
  boolean isRunning() {
    return up && carrier;
  }

  @Override
  public void features(Set<Feature> newFeatures) {
    EnumSet<Feature> set = EnumSet.noneOf(Feature.class);
    set.addAll(newFeatures);
    features = unmodifiable(set);
  }

  @Override
  public Set<Feature> features() {
    return features;
  }

  @Override
  public void notifyPeers() {
    stack.ipv4().announce(this);
  }

  @Override
  @KernelSymbol("netif_receive_skb")
  public void receive(Packet packet) {
    if (!up) {
      statistics.rxDropped().incrementAndGet();
      packet.free();
      return;
    }
    statistics.rxPackets().incrementAndGet();
    statistics.rxBytes().addAndGet(packet.length());
    stack.received(this, packet);
  }

  /// Hands a packet to the driver, or drops and counts it. Owns the packet. Called with no lock
  /// held, from a task that may sleep.
  @KernelSymbol("dev_queue_xmit")
  void transmit(Packet packet) {
    if (!isRunning() || stopped) {
      statistics.txDropped().incrementAndGet();
      packet.free();
      return;
    }
    List<Packet> ready = Offload.prepare(packet, features);
    if (ready.isEmpty()) {
      statistics.txDropped().incrementAndGet();
    }
    for (Packet one : ready) {
      operations.transmit(one);
    }
  }

  @Override
  public void wakeQueue() {
    stopped = false;
  }

  @Override
  public void stopQueue() {
    stopped = true;
  }

  @Override
  public NetStatistics statistics() {
    return statistics;
  }

  @Override
  @KernelSymbol("unregister_netdev")
  public void unregister() {
    stack.rtnl().lock();
    try {
      if (!registered) {
        return;
      }
      registered = false;
      downLocked();
      LearningBridge master = bridge;
      if (master != null) {
        master.removePortLocked(this);
      }
    } finally {
      stack.rtnl().unlock();
    }
    stack.forget(this);
  }

  @Override
  public String toString() {
    return name;
  }
}
