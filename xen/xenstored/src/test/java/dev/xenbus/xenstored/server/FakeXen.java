package dev.xenbus.xenstored.server;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;

/// A hypervisor of a few pages and ports, of which a test plays every guest.
final class FakeXen implements GrantDevice, EventDevice, Server.Domains {
  private static final int VIRQ_PORT = 1000;

  private final Cpu cpu;
  private final Map<Integer, Guest> guests = new ConcurrentSkipListMap<>();
  private volatile Runnable virq = () -> {};

  /// A guest: its page, and who is called when the daemon notifies it or it notifies the daemon.
  final class Guest {
    final int domid;
    final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    final WaitQueue notified = cpu.waitQueue("guest");
    volatile Runnable toDaemon = () -> {};
    volatile boolean mapped;
    volatile boolean bound;
    volatile DomainInfo info;

    Guest(int domid) {
      this.domid = domid;
      this.info = info(domid, false, Optional.empty());
    }
  }

  FakeXen(Cpu cpu) {
    this.cpu = cpu;
  }

  private static DomainInfo info(int domid, boolean dying, Optional<ShutdownReason> reason) {
    return new DomainInfo(
        Domid.of(domid), new UUID(7, domid), dying, reason, false, false, true, 1, 1, 1, 0);
  }

  Guest create(int domid) {
    Guest guest = new Guest(domid);
    guests.put(domid, guest);
    return guest;
  }

  void stop(int domid) {
    require(domid).info = info(domid, false, Optional.of(ShutdownReason.POWEROFF));
    virq.run();
  }

  /// Lets a domain that was stopped run again, as the toolstack does that resumes it.
  void start(int domid) {
    require(domid).info = info(domid, false, Optional.empty());
    virq.run();
  }

  boolean has(int domid) {
    return guests.containsKey(domid);
  }

  Guest guest(int domid) {
    return require(domid);
  }

  void kill(int domid) {
    guests.remove(domid);
    virq.run();
  }

  private Guest require(int domid) {
    return Optional.ofNullable(guests.get(domid)).orElseThrow();
  }

  Server.Xen devices() {
    return new Server.Xen(this, this, this);
  }

  @Override
  public Optional<DomainInfo> info(Domid domid) {
    return Optional.ofNullable(guests.get(domid.value())).map(guest -> guest.info);
  }

  @Override
  public Mapping map(Domid granter, int ref) throws HypercallException {
    Guest guest = guests.get(granter.value());
    if (guest == null || ref != 1) {
      throw new HypercallException(Errno.EINVAL, "no such grant");
    }
    guest.mapped = true;
    return new Mapping() {
      @Override
      public MemorySegment page() {
        return guest.page;
      }

      @Override
      public void close() {
        guest.mapped = false;
      }
    };
  }

  @Override
  public int bindInterdomain(Domid remote, int remotePort, Runnable onEvent)
      throws HypercallException {
    Guest guest = guests.get(remote.value());
    if (guest == null || remotePort > 1000) {
      throw new HypercallException(Errno.ESRCH, "no such port");
    }
    guest.toDaemon = onEvent;
    guest.bound = true;
    onEvent.run();
    return remote.value();
  }

  @Override
  public int bindVirq(int number, Runnable onEvent) {
    virq = onEvent;
    return VIRQ_PORT;
  }

  @Override
  public void notify(int port) {
    Guest guest = guests.get(port);
    if (guest != null) {
      guest.notified.wakeAll();
    }
  }

  @Override
  public void unbind(int port) {
    Guest guest = guests.get(port);
    if (guest != null) {
      guest.bound = false;
      guest.toDaemon = () -> {};
    }
  }
}
