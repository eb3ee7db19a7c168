package dev.xenbus.linux.net;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Bridge;
import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetCore;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.linux.api.TcpConnection;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.WorkQueue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A kernel's network core: its devices and bridges, and the IPv4 host on top.
///
/// A packet comes in by [NetDevice#receive]: the hook may take it, a bridge forwards it, or the
/// IPv4 host gets it. It goes out by the driver's `transmit`. All of that runs in the task that
/// brought the packet, with no lock of this module held across a call into a driver, but for
/// `rtnl_mutex` around a driver's `open` and `stop`.
///
/// Lock order: `rtnl_mutex`; then any one of the spin locks `br_hash_lock`, `arp_tbl`,
/// `tcp_hashinfo`, `lo_backlog`, which never nest.
public final class NetStack implements NetCore {
  /// Longest name of a device (`IFNAMSIZ` - 1).
  public static final int NAME_CHARS_MAX = 15;

  private final Cpu cpu;
  private final Mutex rtnl;
  private final Ipv4Host ipv4;
  private final AtomicInteger lastIndex = new AtomicInteger();
  private final AtomicReference<@Nullable ReceiveHook> hook = new AtomicReference<>();
  private final ConcurrentSkipListMap<String, EthernetDevice> devices =
      new ConcurrentSkipListMap<>();
  private final CopyOnWriteArrayList<Consumer<NetDevice>> listeners = new CopyOnWriteArrayList<>();
  private final ConcurrentSkipListMap<Integer, LearningBridge> bridges =
      new ConcurrentSkipListMap<>();

  /// Makes a core without devices.
  ///
  /// @param cpu the kernel's threads
  /// @param pages where payload of our own goes
  /// @param works runs time-outs; its works may send packets
  public NetStack(Cpu cpu, Pages pages, WorkQueue works) {
    this.cpu = cpu;
    this.rtnl = cpu.mutex(LockClass.of("rtnl_mutex"));
    this.ipv4 = new Ipv4Host(this, pages, works);
  }

  Cpu cpu() {
    return cpu;
  }

  Mutex rtnl() {
    return rtnl;
  }

  Ipv4Host ipv4() {
    return ipv4;
  }

  long nanos() {
    return cpu.machine().clock().nanos();
  }

  /// Sets what sees every received packet first.
  ///
  /// @return false if there is such a hook already
  public boolean addReceiveHook(ReceiveHook newHook) {
    return hook.compareAndSet(null, newHook);
  }

  /// Takes the hook away, if it is this one.
  public void removeReceiveHook(ReceiveHook oldHook) {
    hook.compareAndSet(oldHook, null);
  }

  @Override
  public void addDeviceListener(Consumer<NetDevice> listener) {
    listeners.add(listener);
  }

  @Override
  public NetDevice register(String name, MacAddress mac, NetDeviceOperations operations)
      throws KernelException {
    return make(name, mac, operations);
  }

  private EthernetDevice make(String name, MacAddress mac, NetDeviceOperations operations)
      throws KernelException {
    checkName(name);
    EthernetDevice device =
        new EthernetDevice(this, lastIndex.incrementAndGet(), name, mac, operations);
    if (devices.putIfAbsent(name, device) != null) {
      throw new KernelException(Errno.EEXIST, "net device " + name + " exists");
    }
    listeners.forEach(listener -> listener.accept(device));
    return device;
  }

  /// Mirrors `dev_valid_name` (`net/core/dev.c`).
  private static void checkName(String name) throws KernelException {
    boolean isOdd = name.isEmpty() || name.length() > NAME_CHARS_MAX;
    if (isOdd || name.equals(".") || name.equals("..")) {
      throw new KernelException(Errno.EINVAL, "not a name of a net device: " + name);
    }
    if (name.chars().anyMatch(c -> c == '/' || c == ':' || Character.isWhitespace(c))) {
      throw new KernelException(Errno.EINVAL, "not a name of a net device: " + name);
    }
  }

  /// Forgets a device that was taken down and off its bridge.
  void forget(EthernetDevice device) {
    devices.remove(device.name(), device);
    ipv4.forget(device);
  }

  /// Returns our own view of a device that was registered here.
  EthernetDevice own(NetDevice device) {
    if (device instanceof EthernetDevice own) {
      return own;
    }
    throw new IllegalArgumentException("not a device of this core: " + device.name());
  }

  boolean isBridgeDevice(EthernetDevice device) {
    return bridges.containsKey(device.index());
  }

  /// A packet came in through a device that is up. Owns the packet.
  void received(EthernetDevice device, Packet packet) {
    ReceiveHook current = hook.get();
    if (current != null && current.take(device, packet)) {
      return;
    }
    LearningBridge bridge = device.bridge();
    if (bridge != null) {
      bridge.input(device, packet);
    } else {
      ipv4.input(device, packet);
    }
  }

  @Override
  public Optional<NetDevice> device(String name) {
    return Optional.ofNullable(devices.get(name));
  }

  @Override
  public List<NetDevice> devices() {
    List<EthernetDevice> all = new ArrayList<>(devices.values());
    all.sort(Comparator.comparingInt(EthernetDevice::index));
    return List.copyOf(all);
  }

  @Override
  public SequencedMap<String, Long> ethtoolStatistics(String device) throws KernelException {
    return find(device).operations().ethtoolStatistics();
  }

  EthernetDevice find(String device) throws KernelException {
    EthernetDevice found = devices.get(device);
    if (found == null) {
      throw new KernelException(Errno.ENODEV, "no net device " + device);
    }
    return found;
  }

  @Override
  public Bridge addBridge(String name, MacAddress mac) throws KernelException {
    LearningBridge bridge =
        new LearningBridge(this, name, operations -> make(name, mac, operations));
    bridges.put(bridge.device().index(), bridge);
    bridge.device().carrier(true);
    bridge.device().up();
    return bridge;
  }

  @Override
  public Optional<Bridge> bridge(String name) {
    return bridges().stream().filter(bridge -> bridge.name().equals(name)).findFirst();
  }

  @Override
  public List<Bridge> bridges() {
    return List.copyOf(bridges.values());
  }

  @Override
  public void addAddress(String device, String address, int prefixBits) throws KernelException {
    Optional<Ipv4Address> parsed = Ipv4Address.parse(address);
    if (parsed.isEmpty() || prefixBits < 0 || prefixBits > 32) {
      throw new KernelException(Errno.EINVAL, "not an address: " + address + "/" + prefixBits);
    }
    ipv4.addAddress(find(device), parsed.get(), prefixBits);
  }

  @Override
  public List<InterfaceAddress> addresses() {
    return ipv4.addresses();
  }

  @Override
  public IcmpSocket openIcmp() throws KernelException {
    return ipv4.icmp().open();
  }

  @Override
  public TcpConnection connectTcp(Ipv4Address to, int port, long timeoutNanos)
      throws KernelException {
    return ipv4.tcp().connect(to, port, timeoutNanos);
  }

  @Override
  public void discardTcp(int port) throws KernelException {
    ipv4.tcp().listen(port);
  }
}
