package dev.xenbus.hypervisor;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.hypervisor.EventTable.Channel;
import dev.xenbus.machine.CpuGone;
import java.lang.foreign.MemorySegment;

/// Event channel operations of one domain (`do_event_channel_op`, `xen/common/event_channel.c`).
///
/// Whoever has set a pending bit under a lock tells the vCPU after the lock was released; nothing
/// in between can end the caller.
final class EventCalls implements EventOperations {
  /// One bit for each virtual interrupt that has one owner in the whole machine: all but those of a
  /// vCPU (timer, debug, xenoprof, xenpmu) and of a domain (argo).
  private static final int GLOBAL_VIRQS = ~(1 | (1 << 1) | (1 << 7) | (1 << 11) | (1 << 13));

  private static final int EINVAL = -Errno.EINVAL.number();

  private final Hypervisor xen;
  private final Current current;

  EventCalls(Hypervisor xen, Current current) {
    this.xen = xen;
    this.current = current;
  }

  @Override
  public MemorySegment sharedInfo() {
    return current.domain().sharedInfoMemory();
  }

  @Override
  public void setUpcall(Runnable upcall) {
    Domain domain = DomainCalls.enter(xen, current);
    domain.upcall(upcall);
    if (domain.sharedInfo().isUpcallPending()) {
      upcall.run(); // It was set while there was nobody to tell.
    }
  }

  @Override
  public int allocateUnbound(Domid remote) throws HypercallException {
    Domain domain = DomainCalls.enter(xen, current);
    return allocateUnbound(domain, remote.equals(Domid.SELF) ? domain.domid() : remote);
  }

  /// Makes an unbound port in a domain, for itself or for the toolstack.
  ///
  /// @throws HypercallException `ENOSPC`, `EINVAL` (dying)
  static int allocateUnbound(Domain owner, Domid remote) throws HypercallException {
    owner.eventLock.lock();
    try {
      if (owner.isDying()) {
        throw new HypercallException(
            Errno.EINVAL, "EVTCHNOP_alloc_unbound: d" + owner.id() + " is dying");
      }
      return owner.events().allocate(Channel.unbound(remote.value()));
    } finally {
      owner.eventLock.unlock();
    }
  }

  @Override
  public int bindInterdomain(Domid remote, int remotePort) throws HypercallException {
    Domain domain = DomainCalls.enter(xen, current);
    Domain peer = remote.equals(Domid.SELF) ? domain : xen.find(remote.value());
    boolean mustTell;
    int port;
    lockBoth(domain, peer);
    try {
      if (domain.isDying()) {
        throw new CpuGone("dom" + domain.id());
      }
      Channel there = peer.events().get(remotePort);
      if (there.kind() != PortKind.UNBOUND || there.domid() != domain.id()) {
        throw new HypercallException(
            Errno.EINVAL,
            "EVTCHNOP_bind_interdomain d"
                + peer.id()
                + " port="
                + remotePort
                + ": "
                + there.kind());
      }
      port = domain.events().allocate(Channel.interdomain(peer, remotePort));
      peer.events().set(remotePort, Channel.interdomain(domain, port));
      // The other end may have sent before anybody was there to hear it.
      mustTell = raiseLocked(domain, port);
    } finally {
      unlockBoth(domain, peer);
    }
    if (mustTell) {
      domain.deliver();
    }
    return port;
  }

  @Override
  public int bindVirq(int virq) throws HypercallException {
    Domain domain = DomainCalls.enter(xen, current);
    if (virq < 0 || virq >= EventTable.VIRQS) {
      throw new HypercallException(Errno.EINVAL, "EVTCHNOP_bind_virq " + virq);
    }
    boolean isGlobal = (GLOBAL_VIRQS & (1 << virq)) != 0;
    if (isGlobal && domain != xen.dom0Domain()) {
      throw new HypercallException(Errno.EBUSY, "EVTCHNOP_bind_virq " + virq + ": dom0 has it");
    }
    domain.eventLock.lock();
    try {
      if (domain.isDying()) {
        throw new CpuGone("dom" + domain.id());
      }
      if (domain.events().virqPort(virq) != 0) {
        throw new HypercallException(Errno.EEXIST, "EVTCHNOP_bind_virq " + virq);
      }
      int port = domain.events().allocate(Channel.virq(virq));
      domain.events().virqPort(virq, port);
      return port;
    } finally {
      domain.eventLock.unlock();
    }
  }

  @Override
  public void close(int port) throws HypercallException {
    Domain domain = DomainCalls.enter(xen, current);
    if (!close(domain, port)) {
      throw new HypercallException(Errno.EINVAL, "EVTCHNOP_close port=" + port + ": free");
    }
  }

  /// Closes a port, for its owner or for Xen when the owner dies. The peer becomes unbound for the
  /// owner's id, keeps its bits, and is told nothing.
  ///
  /// @return false if it is free
  static boolean close(Domain owner, int port) {
    while (true) {
      Channel seen = owner.events().get(port);
      if (seen.kind() == PortKind.FREE) {
        return false;
      }
      Domain peer = seen.peer() == null ? owner : seen.peer();
      lockBoth(owner, peer);
      try {
        if (!owner.events().get(port).equals(seen)) {
          continue; // Its other end came or went meanwhile; each round needs a new such event.
        }
        if (seen.kind() == PortKind.INTERDOMAIN) {
          peer.events().set(seen.peerPort(), Channel.unbound(owner.id()));
        } else if (seen.kind() == PortKind.VIRQ) {
          owner.events().virqPort(seen.virq(), 0);
        }
        owner.sharedInfo().clearPending(port);
        owner.events().free(port);
        return true;
      } finally {
        unlockBoth(owner, peer);
      }
    }
  }

  @Override
  public int send(int port) {
    Domain domain = DomainCalls.enter(xen, current);
    Channel channel = domain.events().get(port);
    if (channel.kind() == PortKind.UNBOUND) {
      return 0;
    }
    Domain peer = channel.peer();
    if (peer == null) {
      return EINVAL;
    }
    boolean mustTell = false;
    peer.eventLock.lock();
    try {
      // Looked at again from the other side: it may have been closed, and the port given anew.
      if (peer.events().get(channel.peerPort()).isBoundTo(domain, port)) {
        mustTell = raiseLocked(peer, channel.peerPort());
      }
    } finally {
      peer.eventLock.unlock();
    }
    if (mustTell) {
      peer.deliver();
    }
    return 0;
  }

  @Override
  public void unmask(int port) throws HypercallException {
    Domain domain = DomainCalls.enter(xen, current);
    boolean mustTell;
    domain.eventLock.lock();
    try {
      if (domain.events().get(port).kind() == PortKind.FREE) {
        throw new HypercallException(Errno.EINVAL, "EVTCHNOP_unmask port=" + port + ": free");
      }
      mustTell =
          domain.sharedInfo().testAndClearMask(port)
              && domain.sharedInfo().isPending(port)
              && domain.sharedInfo().select(port);
    } finally {
      domain.eventLock.unlock();
    }
    if (mustTell) {
      domain.deliver();
    }
  }

  @Override
  public PortStatus status(int port) throws HypercallException {
    Domain domain = DomainCalls.enter(xen, current);
    if (port <= 0 || port >= domain.sharedInfo().ports()) {
      throw new HypercallException(Errno.EINVAL, "EVTCHNOP_status port=" + port);
    }
    Channel channel = domain.events().get(port);
    boolean hasRemote = channel.kind() == PortKind.UNBOUND || channel.peer() != null;
    return new PortStatus(
        channel.kind(), hasRemote ? Domid.of(channel.domid()) : Domid.SELF, channel.peerPort());
  }

  /// Raises a virtual interrupt of a domain, if it is bound.
  static void raiseVirq(Domain target, int virq) {
    boolean mustTell = false;
    target.eventLock.lock();
    try {
      int port = target.events().virqPort(virq);
      if (port != 0) {
        mustTell = raiseLocked(target, port);
      }
    } finally {
      target.eventLock.unlock();
    }
    if (mustTell) {
      target.deliver();
    }
  }

  /// Sets a port pending; edges collapse while it is. Returns whether the vCPU has to be told.
  /// Mirrors `evtchn_2l_set_pending` (`xen/common/event_2l.c`).
  private static boolean raiseLocked(Domain target, int port) {
    return !target.sharedInfo().testAndSetPending(port)
        && !target.sharedInfo().isMasked(port)
        && target.sharedInfo().select(port);
  }

  private static void lockBoth(Domain one, Domain other) {
    Domain first = one.id() <= other.id() ? one : other;
    Domain second = first == one ? other : one;
    first.eventLock.lock();
    if (second != first) {
      second.eventLock.lock();
    }
  }

  private static void unlockBoth(Domain one, Domain other) {
    one.eventLock.unlock();
    if (other != one) {
      other.eventLock.unlock();
    }
  }
}
