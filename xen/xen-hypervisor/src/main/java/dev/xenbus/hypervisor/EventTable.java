package dev.xenbus.hypervisor;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.EventOperations.PortKind;
import dev.xenbus.abi.hypercall.HypercallException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The ports of one domain (`struct evtchn`, `xen/common/event_channel.c`). Port 0 never exists; a
/// new port is the lowest free one.
///
/// Changed under the domain's `eventLock`; a port may be looked at without it, and is looked at
/// again under the lock before anything depends on it.
final class EventTable {
  /// How many virtual interrupts there are (`NR_VIRQS`).
  static final int VIRQS = 24;

  private static final int FIRST_PORTS = 8;

  /// What a port is; immutable.
  ///
  /// @param domid who is, or may be, at the other end
  /// @param peer the domain there, if bound
  /// @param peerPort the port there, if bound
  /// @param virq the virtual interrupt, if it is one
  record Channel(PortKind kind, int domid, @Nullable Domain peer, int peerPort, int virq) {
    static final Channel FREE = new Channel(PortKind.FREE, 0, null, 0, 0);

    static Channel unbound(int domid) {
      return new Channel(PortKind.UNBOUND, domid, null, 0, 0);
    }

    static Channel interdomain(Domain peer, int peerPort) {
      return new Channel(PortKind.INTERDOMAIN, peer.id(), peer, peerPort, 0);
    }

    static Channel virq(int virq) {
      return new Channel(PortKind.VIRQ, 0, null, 0, virq);
    }

    boolean isBoundTo(Domain domain, int port) {
      return peer == domain && peerPort == port;
    }
  }

  private final int portMax;
  private volatile Channel[] channels = new Channel[0];
  private int lowestFree = 1;
  private int inUse;
  private int[] virqPorts = new int[0];

  EventTable(int portMax) {
    this.portMax = portMax;
  }

  /// Returns what a port is; of a number that is no port: free.
  Channel get(int port) {
    Channel[] now = channels;
    return Integer.compareUnsigned(port, now.length) < 0 ? now[port] : Channel.FREE;
  }

  /// Takes the lowest free port and makes it `channel`.
  ///
  /// @throws HypercallException `ENOSPC`
  int allocate(Channel channel) throws HypercallException {
    int port = lowestFree;
    while (get(port).kind() != PortKind.FREE) {
      port++;
    }
    if (port > portMax) {
      throw new HypercallException(Errno.ENOSPC, "EVTCHNOP: all " + portMax + " ports are in use");
    }
    set(port, channel);
    lowestFree = port + 1;
    inUse++;
    return port;
  }

  /// Changes what a port in use is.
  void set(int port, Channel channel) {
    if (port >= channels.length) {
      int length = Math.min(portMax + 1, Math.max(FIRST_PORTS, 2 * port));
      Channel[] more = Arrays.copyOf(channels, length);
      Arrays.fill(more, channels.length, length, Channel.FREE);
      channels = more;
    }
    channels[port] = channel;
  }

  void free(int port) {
    channels[port] = Channel.FREE;
    lowestFree = Math.min(lowestFree, port);
    inUse--;
  }

  /// Returns the port bound to a virtual interrupt, or 0.
  int virqPort(int virq) {
    return virqPorts.length == 0 ? 0 : virqPorts[virq];
  }

  /// Notes the port bound to a virtual interrupt; 0 for none.
  void virqPort(int virq, int port) {
    if (virqPorts.length == 0) {
      virqPorts = new int[VIRQS];
    }
    virqPorts[virq] = port;
  }

  /// Returns how many ports are in use.
  int inUse() {
    return inUse;
  }

  /// Returns a number above every port in use.
  int end() {
    return channels.length;
  }
}
