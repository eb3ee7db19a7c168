package dev.xenbus.linux.net;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenPage;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.linux.api.TcpConnection;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.WorkQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The TCP connections of a host, and the packets that they send.
///
/// One spin lock, `tcp_hashinfo`, guards all connections; packets are made and sent without it, so
/// two tasks may put segments of one connection on the wire in either order, which TCP copes with.
final class TcpStack {
  /// Most connections; beyond them the one that was idle for longest gives way.
  static final int CONNECTIONS_MAX = 16_384;

  /// Most connections that are half open; beyond them a SYN is dropped (`tcp_max_syn_backlog`).
  static final int HALF_OPEN_MAX = 256;

  /// How often connections that wait for an answer are looked at.
  static final long TICK_NANOS = 200_000_000L;

  /// How long a connection that was accepted may be silent. Differs: the kernel would ask the peer
  /// first (`tcp_keepalive_time`).
  static final long IDLE_NANOS = 7_200_000_000_000L;

  private static final int PORT_FIRST = 32_768;
  private static final int PORT_LAST = 60_999;

  /// Both ends of a connection.
  ///
  /// @param ownAddress our address
  /// @param ownPort our port
  /// @param peerAddress the peer's address
  /// @param peerPort the peer's port
  record Key(int ownAddress, int ownPort, int peerAddress, int peerPort) {}

  private final NetStack stack;
  private final Ipv4Host host;
  private final Pages pages;
  private final WorkQueue works;
  private final RandomGenerator random;
  private final Runnable tick = this::tick;
  private final SpinLock lock;

  /// The connection that was idle for longest comes first.
  @GuardedBy("lock")
  private final SequencedMap<Key, TcpPeer> peers = new LinkedHashMap<>();

  /// Who is told that something changed; connections that were made here alone have one.
  @GuardedBy("lock")
  private final SequencedMap<Key, TcpSocket> sockets = new LinkedHashMap<>();

  @GuardedBy("lock")
  private final TreeSet<Integer> listening = new TreeSet<>();

  @GuardedBy("lock")
  private int halfOpen;

  @GuardedBy("lock")
  private int lastPort = PORT_FIRST - 1;

  TcpStack(NetStack stack, Ipv4Host host, Pages pages, WorkQueue works) {
    this.stack = stack;
    this.host = host;
    this.pages = pages;
    this.works = works;
    this.random = stack.cpu().machine().choices().random("tcp-" + stack.cpu().owner());
    this.lock = stack.cpu().spinLock(LockClass.of("tcp_hashinfo"));
  }

  /// Accepts connections to a port, and throws away what they bring.
  void listen(int port) throws KernelException {
    lock.lock();
    try {
      if (!listening.add(port)) {
        throw new KernelException(Errno.EADDRINUSE, "TCP port " + port + " is taken");
      }
    } finally {
      lock.unlock();
    }
  }

  @KernelSymbol("tcp_v4_connect")
  TcpConnection connect(Ipv4Address to, int port, long timeoutNanos) throws KernelException {
    Ipv4Host.Local route = host.route(to);
    List<TcpSegment> out = new ArrayList<>(1);
    TcpSocket socket;
    lock.lock();
    try {
      Key key = freeKeyLocked(route.address().bits(), to.bits(), port);
      TcpPeer peer = TcpPeer.connect(random.nextInt(), segmentBytesMax(route), stack.nanos(), out);
      socket = new TcpSocket(this, stack.cpu(), key, peer);
      makeRoomLocked();
      peers.put(key, peer);
      sockets.put(key, socket);
    } finally {
      lock.unlock();
    }
    send(socket.key(), socket.peer(), out);
    works.queueDelayed(tick, TICK_NANOS);
    socket.awaitConnected(timeoutNanos);
    return socket;
  }

  private int segmentBytesMax(Ipv4Host.Local route) {
    return host.payloadBytesMax(route) - TcpSegment.HEADER_BYTES;
  }

  @GuardedBy("lock")
  private Key freeKeyLocked(int own, int peer, int peerPort) throws KernelException {
    for (int tries = 0; tries <= PORT_LAST - PORT_FIRST; tries++) {
      lastPort = lastPort >= PORT_LAST ? PORT_FIRST : lastPort + 1;
      Key key = new Key(own, lastPort, peer, peerPort);
      if (!peers.containsKey(key)) {
        return key;
      }
    }
    throw new KernelException(Errno.EADDRINUSE, "no local TCP port is free");
  }

  /// Each new connection pays for at most two that have been silent for long.
  @GuardedBy("lock")
  private void makeRoomLocked() {
    for (int i = 0; i < 2 && !peers.isEmpty(); i++) {
      Key eldest = peers.firstEntry().getKey();
      boolean isIdle =
          !sockets.containsKey(eldest)
              && stack.nanos() - peers.firstEntry().getValue().heardNanos() > IDLE_NANOS;
      if (isIdle || peers.size() >= CONNECTIONS_MAX) {
        removeLocked(eldest, Errno.ECONNRESET);
      }
    }
  }

  @GuardedBy("lock")
  private void removeLocked(Key key, @Nullable Errno why) {
    TcpPeer peer = peers.remove(key);
    sockets.remove(key);
    if (peer != null) {
      halfOpen -= peer.state() == TcpPeer.State.SYN_RECEIVED ? 1 : 0;
      peer.end(why);
    }
  }

  /// Takes a segment for this host.
  @KernelSymbol("tcp_v4_rcv")
  void input(Datagram datagram) {
    TcpSegment segment = TcpSegment.of(datagram);
    if (segment == null) {
      return;
    }
    byte[] frame = datagram.frame();
    Key key =
        new Key(
            datagram.destination(),
            Wire.u16(frame, datagram.from() + 2),
            datagram.source(),
            Wire.u16(frame, datagram.from()));
    List<TcpSegment> out = new ArrayList<>(2);
    TcpPeer peer;
    TcpSocket socket;
    boolean ticks;
    lock.lock();
    try {
      socket = sockets.get(key);
      peer = peers.remove(key);
      if (peer == null) {
        peer = acceptLocked(key, segment, out);
      } else {
        peers.putLast(key, peer);
        inputLocked(key, peer, segment, out);
      }
      ticks = peer != null && peer.isWaiting();
    } finally {
      lock.unlock();
    }
    if (ticks) {
      works.queueDelayed(tick, TICK_NANOS);
    }
    send(key, peer, out);
    if (socket != null) {
      socket.changed();
    }
  }

  @GuardedBy("lock")
  private void inputLocked(Key key, TcpPeer peer, TcpSegment segment, List<TcpSegment> out) {
    boolean wasHalfOpen = peer.state() == TcpPeer.State.SYN_RECEIVED;
    peer.input(segment, stack.nanos(), out);
    if (wasHalfOpen && peer.state() != TcpPeer.State.SYN_RECEIVED) {
      halfOpen--;
    }
    if (peer.state() == TcpPeer.State.CLOSED) {
      removeLocked(key, null);
    }
  }

  /// A segment of no connection: a listening port takes a SYN, everything else is answered by RST.
  @GuardedBy("lock")
  private @Nullable TcpPeer acceptLocked(Key key, TcpSegment segment, List<TcpSegment> out) {
    if (segment.has(TcpSegment.RST)) {
      return null;
    }
    boolean isFirst = segment.has(TcpSegment.SYN) && !segment.has(TcpSegment.ACK);
    if (!isFirst || !listening.contains(key.ownPort())) {
      out.add(reset(segment));
      return null;
    }
    Ipv4Host.Local route;
    try {
      route = host.route(new Ipv4Address(key.peerAddress()));
    } catch (KernelException noWay) {
      return null; // a forged source: nobody to answer
    }
    if (halfOpen >= HALF_OPEN_MAX) {
      return null;
    }
    makeRoomLocked();
    TcpPeer peer =
        TcpPeer.accept(segment, random.nextInt(), segmentBytesMax(route), stack.nanos(), out);
    halfOpen++;
    peers.put(key, peer);
    return peer;
  }

  private static TcpSegment reset(TcpSegment of) {
    return of.has(TcpSegment.ACK)
        ? TcpSegment.control(TcpSegment.RST, of.acknowledgment(), 0, 0)
        : TcpSegment.control(TcpSegment.RST | TcpSegment.ACK, 0, of.end(), 0);
  }

  /// Queues data of a socket.
  void sendData(TcpSocket socket, byte[] data) {
    List<TcpSegment> out = new ArrayList<>(2);
    lock.lock();
    try {
      if (socket.peer().mayQueue()) {
        socket.peer().send(data, stack.nanos(), out);
      }
    } finally {
      lock.unlock();
    }
    works.queueDelayed(tick, TICK_NANOS);
    send(socket.key(), socket.peer(), out);
  }

  /// Closes a socket; its connection lives until the peer knows.
  void close(TcpSocket socket) {
    List<TcpSegment> out = new ArrayList<>(1);
    lock.lock();
    try {
      socket.peer().close(stack.nanos(), out);
      sockets.remove(socket.key(), socket);
      if (socket.peer().state() == TcpPeer.State.CLOSED) {
        peers.remove(socket.key(), socket.peer());
      }
    } finally {
      lock.unlock();
    }
    works.queueDelayed(tick, TICK_NANOS);
    send(socket.key(), socket.peer(), out);
  }

  /// A segment could not be sent, since nobody answers at that address. Only a connection that is
  /// being made is ended by it; others try again.
  void unreachable(int own, int ownPort, int peerAddress, int peerPort) {
    Key key = new Key(own, ownPort, peerAddress, peerPort);
    TcpSocket socket;
    lock.lock();
    try {
      TcpPeer peer = peers.get(key);
      if (peer == null || peer.state() != TcpPeer.State.SYN_SENT) {
        return;
      }
      socket = sockets.get(key);
      removeLocked(key, Errno.EHOSTUNREACH);
    } finally {
      lock.unlock();
    }
    if (socket != null) {
      socket.changed();
    }
  }

  /// What one connection wants sent.
  private record Batch(Key key, TcpPeer peer, List<TcpSegment> segments) {}

  private void tick() {
    List<Batch> batches = new ArrayList<>();
    List<TcpSocket> changed = new ArrayList<>();
    boolean again = false;
    lock.lock();
    try {
      long now = stack.nanos();
      Iterator<Map.Entry<Key, TcpPeer>> each = peers.entrySet().iterator();
      while (each.hasNext()) {
        Map.Entry<Key, TcpPeer> entry = each.next();
        TcpPeer peer = entry.getValue();
        if (!peer.isWaiting()) {
          continue;
        }
        boolean wasHalfOpen = peer.state() == TcpPeer.State.SYN_RECEIVED;
        List<TcpSegment> out = new ArrayList<>(1);
        peer.tick(now, out);
        batches.add(new Batch(entry.getKey(), peer, out));
        if (peer.state() == TcpPeer.State.CLOSED) {
          halfOpen -= wasHalfOpen ? 1 : 0;
          each.remove();
          TcpSocket socket = sockets.remove(entry.getKey());
          if (socket != null) {
            changed.add(socket);
          }
        }
        again |= peer.isWaiting();
      }
    } finally {
      lock.unlock();
    }
    if (again) {
      works.queueDelayed(tick, TICK_NANOS);
    }
    for (Batch batch : batches) {
      send(batch.key(), batch.peer(), batch.segments());
    }
    changed.forEach(TcpSocket::changed);
  }

  /// Makes packets of segments and sends them. Called with no lock held.
  private void send(Key key, @Nullable TcpPeer peer, List<TcpSegment> segments) {
    if (segments.isEmpty()) {
      return;
    }
    Ipv4Host.Local route;
    try {
      route = host.route(new Ipv4Address(key.peerAddress()));
    } catch (KernelException noWay) {
      return; // the address was taken away: what is not acknowledged is sent again, or times out
    }
    Ipv4Host.Local from =
        new Ipv4Host.Local(route.device(), new Ipv4Address(key.ownAddress()), route.prefixBits());
    int segmentBytes = peer == null ? 0 : peer.segmentBytes();
    for (TcpSegment segment : segments) {
      host.output(from, key.peerAddress(), Wire.PROTOCOL_TCP, packet(key, segment, segmentBytes));
    }
  }

  private Packet packet(Key key, TcpSegment segment, int segmentBytes) {
    int at = Wire.ETHERNET_BYTES + Wire.IPV4_BYTES;
    int headBytes = at + segment.headerBytes();
    List<Page> payload = payloadPages(segment);
    boolean isFlat = payload.isEmpty();
    byte[] head = new byte[headBytes + (isFlat ? segment.length() : 0)];
    long pseudo =
        InternetChecksum.pseudoIpv4(
            key.ownAddress(),
            key.peerAddress(),
            Wire.PROTOCOL_TCP,
            segment.headerBytes() + segment.length());
    segment.write(head, at, key.ownPort(), key.peerPort(), InternetChecksum.fold(pseudo));
    Packet packet = new Packet(head);
    if (isFlat) {
      System.arraycopy(
          segment.payload().array(), segment.from(), head, headBytes, segment.length());
    } else {
      addFragments(packet, segment.length(), payload);
    }
    packet.checksum(Packet.Checksum.BLANK);
    if (segmentBytes > 0 && segment.length() > segmentBytes) {
      packet.gso(Packet.Gso.TCPV4, segmentBytes);
    }
    return packet;
  }

  private void addFragments(Packet packet, int length, List<Page> payload) {
    int left = length;
    for (Page page : payload) {
      int bytes = Math.min(left, XenPage.BYTES);
      packet.fragments().add(new Packet.Fragment(page.memory(), 0, bytes, null));
      left -= bytes;
    }
    packet.zeroCopy(unmodified -> payload.forEach(pages::free));
  }

  /// Copies a segment's data into pages of our own; empty if there are none to be had, or no data.
  private List<Page> payloadPages(TcpSegment segment) {
    List<Page> taken = new ArrayList<>(2);
    try {
      for (int done = 0; done < segment.length(); done += XenPage.BYTES) {
        Page page = pages.allocate();
        taken.add(page);
        MemorySegment.copy(
            segment.payload().array(),
            segment.from() + done,
            page.memory(),
            ValueLayout.JAVA_BYTE,
            0,
            Math.min(XenPage.BYTES, segment.length() - done));
      }
      return taken;
    } catch (KernelException noMemory) {
      taken.forEach(pages::free);
      return List.of();
    }
  }

  /// Returns how many connections there are.
  int size() {
    lock.lock();
    try {
      return peers.size();
    } finally {
      lock.unlock();
    }
  }
}
