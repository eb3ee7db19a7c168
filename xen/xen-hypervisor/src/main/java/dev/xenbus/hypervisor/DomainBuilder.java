package dev.xenbus.hypervisor;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.BuiltDomain;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.abi.io.ConsoleRing;
import dev.xenbus.abi.io.RingPoint;
import dev.xenbus.abi.io.XenstoreInterface;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.lang.foreign.MemorySegment;

/// Builds a domain and starts it: the work of libxenguest, and of the first vCPU's first moment.
final class DomainBuilder {
  private static final int CONSOLE_REF = 0;
  private static final int STORE_REF = 1;

  /// Behind the frames that a kernel image would take; the lowest ones stay free of surprises.
  private static final int STORE_FRAME = 2;

  private static final int CONSOLE_FRAME = 3;

  private final Hypervisor xen;
  private final Domain domain;

  DomainBuilder(Hypervisor xen, Domain domain) {
    this.xen = xen;
    this.domain = domain;
  }

  /// Prepares ports, pages and reserved grants of store and console, for dom0.
  ///
  /// @throws HypercallException `EINVAL` if it was built, is dying, or is not paused; `ENOMEM`
  BuiltDomain build(BootSpec boot) throws HypercallException {
    if (domain.isDying() || domain.image() != null || domain.life().pauses() == 0) {
      throw new HypercallException(
          Errno.EINVAL, "build d" + domain.id() + ": built before, not paused, or dying");
    }
    int storePort = EventCalls.allocateUnbound(domain, Domid.DOM0);
    int consolePort = EventCalls.allocateUnbound(domain, Domid.DOM0);
    new XenstoreInterface(share(STORE_REF, STORE_FRAME), RingPoint.NONE).init(storePort);
    new ConsoleRing(share(CONSOLE_REF, CONSOLE_FRAME), RingPoint.NONE).init();
    BuiltDomain built = new BuiltDomain(STORE_FRAME, storePort, CONSOLE_FRAME, consolePort);
    domain.image(new Domain.Image(boot, built));
    return built;
  }

  private MemorySegment share(int ref, int guestFrame) throws HypercallException {
    domain.memoryLock.lock();
    try {
      domain.grants().setup(1);
      domain.grants().prepare(ref, Domid.DOM0.value(), guestFrame);
      return domain.frames().populated(guestFrame).memory();
    } finally {
      domain.memoryLock.unlock();
    }
  }

  /// Starts the boot thread of a domain that was built; of one that was not, nothing.
  ///
  /// @throws HypercallException `ENOMEM` if no thread can be made; the domain is paused again
  void start() throws HypercallException {
    Domain.Image image = domain.image();
    if (image == null) {
      return;
    }
    Cpu cpu = xen.machine().cpu("dom" + domain.id());
    Current current = new Current(xen.cpu(), domain);
    GuestStart start =
        new GuestStart(
            domain.domid(),
            cpu,
            new DomainCalls(xen, current),
            image.boot(),
            image.built(),
            domain.frames().count(),
            domain.vcpus(),
            domain.isHvm());
    try {
      Task vcpu = cpu.kthread("swapper/0", self -> run(start));
      domain.current(current);
      domain.life().cpu(cpu);
      vcpu.wake();
    } catch (NoThread e) {
      domain.life().addPauses(1);
      throw new HypercallException(Errno.ENOMEM, "XEN_DOMCTL_unpausedomain: " + e.getMessage());
    }
  }

  private int run(GuestStart start) {
    try {
      xen.loader().boot(start);
      return 0;
    } catch (RuntimeException e) {
      xen.options().console().accept("d" + domain.id() + "v0 " + e);
      xen.shutDown(domain, ShutdownReason.CRASH);
      throw e; // The machine reports it as well: a guest that means to crash asks for it.
    }
  }
}
