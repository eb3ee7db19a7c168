package dev.xenbus.linux.net;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.NetCore.InterfaceAddress;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.WorkQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The IPv4 host of a kernel: addresses, input and output. It forwards nothing, and knows no
/// networks but those of its devices.
///
/// Differs: no fragments, neither in nor out, and no IP options on the way out.
final class Ipv4Host {
  /// Time to live of what it sends (`ip_default_ttl`).
  static final int TTL = 64;

  private static final int DONT_FRAGMENT = 0x4000;
  private static final int FRAGMENT_BITS = 0x3FFF;

  /// An address and the device that it is on.
  record Local(EthernetDevice device, Ipv4Address address, int prefixBits) {}

  private final NetStack stack;
  private final NeighbourTable neighbours;
  private final IcmpEcho icmp;
  private final TcpStack tcp;
  private final Loopback loopback;
  private final AtomicInteger identification = new AtomicInteger();

  /// Changes under `rtnl_mutex`.
  private volatile List<Local> locals = List.of();

  Ipv4Host(NetStack stack, Pages pages, WorkQueue works) {
    this.stack = stack;
    this.icmp = new IcmpEcho(stack, this);
    this.tcp = new TcpStack(stack, this, pages, works);
    this.neighbours = new NeighbourTable(stack, works, this::unreachable);
    this.loopback = new Loopback(stack.cpu(), works, this::inputIpv4);
  }

  IcmpEcho icmp() {
    return icmp;
  }

  TcpStack tcp() {
    return tcp;
  }

  NeighbourTable neighbours() {
    return neighbours;
  }

  void addAddress(EthernetDevice device, Ipv4Address address, int prefixBits) {
    stack.rtnl().lock();
    try {
      List<Local> more = new ArrayList<>(locals);
      more.removeIf(each -> each.address().equals(address));
      more.add(new Local(device, address, prefixBits));
      locals = List.copyOf(more);
    } finally {
      stack.rtnl().unlock();
    }
  }

  List<InterfaceAddress> addresses() {
    return locals.stream()
        .map(each -> new InterfaceAddress(each.device().name(), each.address(), each.prefixBits()))
        .toList();
  }

  void forget(EthernetDevice device) {
    stack.rtnl().lock();
    try {
      locals = locals.stream().filter(each -> each.device() != device).toList();
    } finally {
      stack.rtnl().unlock();
    }
    neighbours.forget(device);
  }

  /// Tells everybody on the device where its addresses are (`inetdev_send_gratuitous_arp`).
  void announce(EthernetDevice device) {
    for (Local local : locals) {
      if (local.device() == device) {
        int address = local.address().bits();
        neighbours.sendRequest(device, address, address);
      }
    }
  }

  boolean isLocal(int address) {
    for (Local local : locals) {
      if (local.address().bits() == address) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOn(List<Local> locals, EthernetDevice device, int address) {
    for (Local local : locals) {
      if (local.device() == device && local.address().bits() == address) {
        return true;
      }
    }
    return false;
  }

  /// Returns the address from which, and so the device through which, `to` is reached.
  ///
  /// @throws KernelException `ENETUNREACH`
  Local route(Ipv4Address to) throws KernelException {
    @Nullable Local best = null;
    for (Local local : locals) {
      if (local.address().equals(to)) {
        return local;
      }
      boolean isBetter = best == null || local.prefixBits() > best.prefixBits();
      if (isBetter && to.isInSubnetOf(local.address(), local.prefixBits())) {
        best = local;
      }
    }
    if (best == null) {
      throw new KernelException(Errno.ENETUNREACH, "no device leads to " + to);
    }
    return best;
  }

  /// A packet came in for this kernel. Owns the packet. What is not for us, or is malformed, is
  /// dropped.
  @KernelSymbol("ip_rcv")
  void input(EthernetDevice device, Packet packet) {
    // Whoever keeps a packet must not keep the pages of a guest with it (`skb_orphan_frags_rx`).
    Offload.flatten(packet);
    byte[] frame = packet.head();
    int length = packet.headLength();
    boolean isTrusted = packet.checksum() != Packet.Checksum.NONE;
    packet.free();
    if (length < Wire.ETHERNET_BYTES) {
      return;
    }
    long destination = Wire.u48(frame, 0);
    if (destination != device.mac().bits() && (destination & Wire.GROUP_BIT) == 0) {
      return;
    }
    switch (Wire.u16(frame, 12)) {
      case Wire.TYPE_ARP -> inputArp(device, frame, length);
      case Wire.TYPE_IPV4 -> inputIpv4(frame, length, isTrusted);
      default -> {}
    }
  }

  private void inputArp(EthernetDevice device, byte[] frame, int length) {
    ArpMessage message = ArpMessage.of(frame, length);
    if (message == null || isLocal(message.senderAddress())) {
      return;
    }
    boolean isForUs = isOn(locals, device, message.targetAddress());
    neighbours.heard(device, message.senderAddress(), message.senderMac(), isForUs);
    if (isForUs && message.operation() == ArpMessage.REQUEST) {
      ArpMessage reply =
          new ArpMessage(
              ArpMessage.REPLY,
              device.mac().bits(),
              message.targetAddress(),
              message.senderMac(),
              message.senderAddress());
      device.transmit(new Packet(reply.frame(message.senderMac(), device.mac().bits())));
    }
  }

  private void inputIpv4(byte[] frame, int length, boolean isTrusted) {
    int ip = Wire.ETHERNET_BYTES;
    if (length < ip + Wire.IPV4_BYTES || frame[ip] >> 4 != 4) {
      return;
    }
    int headerBytes = (frame[ip] & 15) * 4;
    int end = ip + Wire.u16(frame, ip + 2);
    if (headerBytes < Wire.IPV4_BYTES || ip + headerBytes > end || end > length) {
      return;
    }
    boolean isFragment = (Wire.u16(frame, ip + 6) & FRAGMENT_BITS) != 0;
    if (isFragment || !InternetChecksum.isRight(0, frame, ip, headerBytes)) {
      return;
    }
    Datagram datagram =
        new Datagram(
            Wire.u32(frame, ip + 12),
            Wire.u32(frame, ip + 16),
            Wire.u8(frame, ip + 8),
            frame,
            ip + headerBytes,
            end,
            isTrusted);
    if (!isLocal(datagram.destination()) || isMulticast(datagram.source())) {
      return;
    }
    switch (Wire.u8(frame, ip + 9)) {
      case Wire.PROTOCOL_ICMP -> icmp.input(datagram);
      case Wire.PROTOCOL_TCP -> tcp.input(datagram);
      default -> {}
    }
  }

  private static boolean isMulticast(int address) {
    return address >>> 28 >= 0xE;
  }

  /// Returns the largest IPv4 payload towards `to`, in bytes.
  int payloadBytesMax(Local route) {
    return route.device().mtu() - Wire.IPV4_BYTES;
  }

  /// Sends a packet whose head has room for both headers in front and is else complete. Owns the
  /// packet. Called with no lock held.
  @KernelSymbol("ip_queue_xmit")
  void output(Local route, int to, int protocol, Packet packet) {
    byte[] head = packet.head();
    int ip = Wire.ETHERNET_BYTES;
    Wire.put8(head, ip, 0x45);
    Wire.put8(head, ip + 1, 0);
    Wire.put16(head, ip + 2, packet.length() - ip);
    Wire.put16(head, ip + 4, identification.incrementAndGet());
    Wire.put16(head, ip + 6, DONT_FRAGMENT);
    Wire.put8(head, ip + 8, TTL);
    Wire.put8(head, ip + 9, protocol);
    Wire.put16(head, ip + 10, 0);
    Wire.put32(head, ip + 12, route.address().bits());
    Wire.put32(head, ip + 16, to);
    Wire.put16(
        head, ip + 10, InternetChecksum.finish(InternetChecksum.add(0, head, ip, Wire.IPV4_BYTES)));
    if (isLocal(to)) {
      loopback.send(packet);
      return;
    }
    Wire.ethernet(head, 0, route.device().mac().bits(), Wire.TYPE_IPV4);
    neighbours.send(route.device(), route.address().bits(), to, packet);
  }

  /// Nobody answers for the destination of a packet that we wanted to send; it was freed.
  private void unreachable(byte[] frame) {
    int ip = Wire.ETHERNET_BYTES;
    Ipv4Address from = new Ipv4Address(Wire.u32(frame, ip + 12));
    int at = ip + Wire.IPV4_BYTES;
    switch (Wire.u8(frame, ip + 9)) {
      case Wire.PROTOCOL_ICMP -> icmp.unreachable(from, frame, at);
      case Wire.PROTOCOL_TCP ->
          tcp.unreachable(
              from.bits(), Wire.u16(frame, at), Wire.u32(frame, ip + 16), Wire.u16(frame, at + 2));
      default -> {}
    }
  }
}
