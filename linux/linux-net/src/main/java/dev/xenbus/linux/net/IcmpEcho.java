package dev.xenbus.linux.net;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.KernelSymbol;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/// ICMP: answers echo requests, and brings answers to the sockets that asked (`net/ipv4/icmp.c`,
/// `net/ipv4/ping.c`).
final class IcmpEcho {
  /// Most sockets.
  static final int SOCKETS_MAX = 256;

  private static final int TYPE_REPLY = 0;
  private static final int TYPE_REQUEST = 8;
  private static final int HEADER_BYTES = 8;
  private static final int HEAD_BYTES = Wire.ETHERNET_BYTES + Wire.IPV4_BYTES + HEADER_BYTES;

  private final NetStack stack;
  private final Ipv4Host host;
  private final AtomicInteger lastIdentifier = new AtomicInteger();
  private final ConcurrentSkipListMap<Integer, EchoSocket> sockets = new ConcurrentSkipListMap<>();

  IcmpEcho(NetStack stack, Ipv4Host host) {
    this.stack = stack;
    this.host = host;
  }

  IcmpSocket open() throws KernelException {
    if (sockets.size() >= SOCKETS_MAX) {
      throw new KernelException(Errno.ENOBUFS, "too many ICMP sockets");
    }
    // At most SOCKETS_MAX identifiers are taken, so the walk ends.
    while (true) {
      int identifier = lastIdentifier.incrementAndGet() & 0xFFFF;
      EchoSocket socket = new EchoSocket(this, stack.cpu(), identifier);
      if (sockets.putIfAbsent(identifier, socket) == null) {
        return socket;
      }
    }
  }

  void close(EchoSocket socket) {
    sockets.remove(socket.identifier(), socket);
  }

  /// Sends an echo request.
  void request(Ipv4Address to, int identifier, int sequence, byte[] payload)
      throws KernelException {
    Ipv4Host.Local route = host.route(to);
    if (payload.length > host.payloadBytesMax(route) - HEADER_BYTES) {
      throw new KernelException(Errno.EMSGSIZE, "message too long, mtu: " + route.device().mtu());
    }
    byte[] frame = new byte[HEAD_BYTES + payload.length];
    System.arraycopy(payload, 0, frame, HEAD_BYTES, payload.length);
    send(route, to.bits(), frame, TYPE_REQUEST, (identifier << 16) | (sequence & 0xFFFF));
  }

  /// Takes an ICMP message for this host.
  @KernelSymbol("icmp_rcv")
  void input(Datagram datagram) {
    byte[] frame = datagram.frame();
    int at = datagram.from();
    if (datagram.length() < HEADER_BYTES) {
      return;
    }
    boolean isRight =
        datagram.isTrusted() || InternetChecksum.isRight(0, frame, at, datagram.length());
    if (!isRight || Wire.u8(frame, at + 1) != 0) {
      return;
    }
    switch (Wire.u8(frame, at)) {
      case TYPE_REQUEST -> reply(datagram);
      case TYPE_REPLY -> answer(datagram);
      default -> {}
    }
  }

  private void reply(Datagram request) {
    Ipv4Address to = new Ipv4Address(request.source());
    Ipv4Host.Local route;
    try {
      route = host.route(to);
    } catch (KernelException noWay) {
      return; // an address of no network of ours: nothing can be answered
    }
    int payloadBytes = request.length() - HEADER_BYTES;
    if (payloadBytes > host.payloadBytesMax(route) - HEADER_BYTES) {
      return;
    }
    byte[] frame = new byte[HEAD_BYTES + payloadBytes];
    System.arraycopy(
        request.frame(), request.from() + HEADER_BYTES, frame, HEAD_BYTES, payloadBytes);
    int identity = Wire.u32(request.frame(), request.from() + 4);
    Ipv4Host.Local from = new Ipv4Host.Local(route.device(), own(request), route.prefixBits());
    send(from, to.bits(), frame, TYPE_REPLY, identity);
  }

  /// An answer comes from the address that was asked.
  private static Ipv4Address own(Datagram request) {
    return new Ipv4Address(request.destination());
  }

  private void send(Ipv4Host.Local route, int to, byte[] frame, int type, int identity) {
    int at = Wire.ETHERNET_BYTES + Wire.IPV4_BYTES;
    Wire.put8(frame, at, type);
    Wire.put32(frame, at + 4, identity);
    Wire.put16(
        frame,
        at + 2,
        InternetChecksum.finish(InternetChecksum.add(0, frame, at, frame.length - at)));
    host.output(route, to, Wire.PROTOCOL_ICMP, new Packet(frame));
  }

  private void answer(Datagram reply) {
    byte[] frame = reply.frame();
    int at = reply.from();
    deliver(
        Wire.u16(frame, at + 4),
        new IcmpSocket.Answer(
            IcmpSocket.Kind.REPLY,
            new Ipv4Address(reply.source()),
            Wire.u16(frame, at + 6),
            reply.ttl(),
            reply.length() - HEADER_BYTES,
            stack.nanos()));
  }

  /// An echo request of ours could not be sent.
  ///
  /// @param from our address
  /// @param at first byte of its ICMP header
  void unreachable(Ipv4Address from, byte[] frame, int at) {
    if (Wire.u8(frame, at) != TYPE_REQUEST) {
      return;
    }
    deliver(
        Wire.u16(frame, at + 4),
        new IcmpSocket.Answer(
            IcmpSocket.Kind.HOST_UNREACHABLE,
            from,
            Wire.u16(frame, at + 6),
            Ipv4Host.TTL,
            0,
            stack.nanos()));
  }

  private void deliver(int identifier, IcmpSocket.Answer answer) {
    EchoSocket socket = sockets.get(identifier);
    if (socket != null) {
      socket.deliver(answer);
    }
  }
}
