package dev.xenbus.linux.net;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Bridge;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A learning Ethernet bridge (`net/bridge`), without spanning tree and without multicast
/// snooping: groups are flooded.
///
/// Lock order: `rtnl_mutex` (which ports there are), then `br_hash_lock` (the forwarding table).
/// Packets are handed on with no lock held.
final class LearningBridge implements Bridge {
  /// `01:80:c2:00:00:00` to `...:0f`: never forwarded by a bridge (IEEE 802.1D).
  private static final long LINK_LOCAL = 0x0180_C200_0000L;

  private final NetStack stack;
  private final String name;
  private final EthernetDevice self;
  private volatile List<EthernetDevice> ports = List.of();

  private final SpinLock tableLock;

  @GuardedBy("tableLock")
  private final ForwardingTable table = new ForwardingTable();

  /// Makes a bridge; `register` makes the device of its own name.
  LearningBridge(NetStack stack, String name, DeviceMaker register) throws KernelException {
    this.stack = stack;
    this.name = name;
    this.tableLock = stack.cpu().spinLock(LockClass.of("br_hash_lock"));
    this.self = register.make(this::send);
  }

  /// Registers a device with the given operations.
  @FunctionalInterface
  interface DeviceMaker {
    EthernetDevice make(NetDeviceOperations operations) throws KernelException;
  }

  @Override
  public String name() {
    return name;
  }

  /// Returns the device through which the kernel itself is on the bridge.
  EthernetDevice device() {
    return self;
  }

  @Override
  public void addPort(NetDevice device) throws KernelException {
    EthernetDevice port = stack.own(device);
    stack.rtnl().lock();
    try {
      if (stack.isBridgeDevice(port)) {
        throw new KernelException(Errno.ELOOP, "a bridge cannot be a port: " + port.name());
      }
      if (port.bridge() != null) {
        throw new KernelException(Errno.EBUSY, port.name() + " is a port of a bridge already");
      }
      List<EthernetDevice> more = new ArrayList<>(ports);
      more.add(port);
      ports = List.copyOf(more);
      port.bridge(this);
    } finally {
      stack.rtnl().unlock();
    }
  }

  @Override
  public void removePort(NetDevice device) {
    EthernetDevice port = stack.own(device);
    stack.rtnl().lock();
    try {
      removePortLocked(port);
    } finally {
      stack.rtnl().unlock();
    }
  }

  /// Removes a port; under `rtnl_mutex`.
  void removePortLocked(EthernetDevice port) {
    if (port.bridge() != this) {
      return;
    }
    port.bridge(null);
    List<EthernetDevice> fewer = new ArrayList<>(ports);
    fewer.remove(port);
    ports = List.copyOf(fewer);
    tableLock.lock();
    try {
      table.forget(port);
    } finally {
      tableLock.unlock();
    }
  }

  @Override
  public List<NetDevice> ports() {
    return List.copyOf(ports);
  }

  /// Returns how many addresses it has learned.
  int learned() {
    long now = stack.nanos();
    tableLock.lock();
    try {
      return table.size(now);
    } finally {
      tableLock.unlock();
    }
  }

  /// Takes a packet that came in through a port. Owns the packet.
  @KernelSymbol("br_handle_frame")
  void input(EthernetDevice port, Packet packet) {
    if (packet.headLength() < Wire.ETHERNET_BYTES) {
      Offload.flatten(packet);
    }
    byte[] head = packet.head();
    if (packet.headLength() < Wire.ETHERNET_BYTES) {
      drop(port, packet);
      return;
    }
    long destination = Wire.u48(head, 0);
    long source = Wire.u48(head, 6);
    boolean isSourceOdd = (source & Wire.GROUP_BIT) != 0 || source == 0;
    if (isSourceOdd || (destination & ~0xFL) == LINK_LOCAL) {
      drop(port, packet);
      return;
    }
    EthernetDevice to = learnAndLookup(source, port, destination);
    if ((destination & Wire.GROUP_BIT) != 0) {
      flood(port, packet, true);
    } else if (isOwn(destination) || destination == port.mac().bits()) {
      self.receive(packet);
    } else if (to != null) {
      forward(port, to, packet);
    } else {
      flood(port, packet, false);
    }
  }

  /// Sends a packet of the kernel itself (`br_dev_xmit`). Owns the packet.
  @KernelSymbol("br_dev_xmit")
  private void send(Packet packet) {
    self.statistics().txPackets().incrementAndGet();
    self.statistics().txBytes().addAndGet(packet.length());
    if (packet.headLength() < Wire.ETHERNET_BYTES) {
      packet.free();
      return;
    }
    long destination = Wire.u48(packet.head(), 0);
    EthernetDevice to = (destination & Wire.GROUP_BIT) != 0 ? null : lookup(destination);
    if (to != null) {
      forward(self, to, packet);
    } else {
      flood(self, packet, false);
    }
  }

  private boolean isOwn(long address) {
    return address == self.mac().bits();
  }

  private @Nullable EthernetDevice learnAndLookup(
      long source, EthernetDevice port, long destination) {
    long now = stack.nanos();
    tableLock.lock();
    try {
      // An address of the bridge itself stays its own, whoever claims it (`br_fdb_update`).
      if (port.bridge() == this && !isOwn(source) && source != port.mac().bits()) {
        table.learn(source, port, now);
      }
      return table.lookup(destination, now);
    } finally {
      tableLock.unlock();
    }
  }

  private @Nullable EthernetDevice lookup(long destination) {
    long now = stack.nanos();
    tableLock.lock();
    try {
      return table.lookup(destination, now);
    } finally {
      tableLock.unlock();
    }
  }

  /// Hands a packet to one port; never back to where it came from.
  @KernelSymbol("br_forward")
  private void forward(EthernetDevice from, EthernetDevice to, Packet packet) {
    if (from != to && mayForward(to, packet)) {
      to.transmit(packet);
    } else {
      drop(from, packet);
    }
  }

  /// Hands a packet to all ports but the one that it came from, and to the kernel itself if
  /// `locally`: copies to all but the last, which lets go of foreign pages. Mirrors `br_flood`.
  @KernelSymbol("br_flood")
  private void flood(EthernetDevice from, Packet packet, boolean locally) {
    EthernetDevice last = null;
    for (EthernetDevice port : ports) {
      if (port != from && mayForward(port, packet)) {
        if (last != null) {
          last.transmit(packet.copy());
        }
        last = port;
      }
    }
    if (locally) {
      if (last != null) {
        last.transmit(packet.copy());
      }
      self.receive(packet);
    } else if (last != null) {
      last.transmit(packet);
    } else {
      drop(from, packet);
    }
  }

  /// Mirrors `should_deliver` and `is_skb_forwardable`: link up, and not larger than a frame may
  /// be.
  private static boolean mayForward(EthernetDevice to, Packet packet) {
    return to.isRunning()
        && (packet.gso() != Packet.Gso.NONE || packet.length() <= to.mtu() + Wire.ETHERNET_BYTES);
  }

  private static void drop(EthernetDevice from, Packet packet) {
    from.statistics().rxDropped().incrementAndGet();
    packet.free();
  }
}
