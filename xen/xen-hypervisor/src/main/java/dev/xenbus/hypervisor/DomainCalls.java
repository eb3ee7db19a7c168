package dev.xenbus.hypervisor;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.abi.hypercall.GrantOperations;
import dev.xenbus.abi.hypercall.GuestMemory;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.abi.hypercall.SchedOperations;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.CpuGone;
import java.lang.foreign.MemorySegment;

/// One domain's hypercalls. Each begins with [#enter]: a scheduling point, and the end of the road
/// for a domain that was killed or shut down.
final class DomainCalls implements Hypercalls {
  private final Hypervisor xen;
  private final Domain domain;
  private final GrantCalls grants;
  private final EventCalls events;
  private final GuestMemory memory = new Memory();

  DomainCalls(Hypervisor xen, Domain domain) {
    this.xen = xen;
    this.domain = domain;
    this.grants = new GrantCalls(xen, domain);
    this.events = new EventCalls(xen, domain);
  }

  /// Begins a hypercall.
  ///
  /// @throws CpuGone if the caller's domain is at its end
  static void enter(Hypervisor xen, Domain domain) {
    xen.machine().point("hypercall");
    refuseIfGone(domain);
  }

  private static void refuseIfGone(Domain domain) {
    if (domain.isDying() || domain.life().shutdown() != null) {
      throw new CpuGone("dom" + domain.id());
    }
  }

  @Override
  public Domid self() {
    return domain.domid();
  }

  @Override
  public GuestMemory memory() {
    return memory;
  }

  @Override
  public GrantOperations grants() {
    return grants;
  }

  @Override
  public EventOperations events() {
    return events;
  }

  @Override
  public SchedOperations sched() {
    return this::shutdown;
  }

  private void shutdown(ShutdownReason reason) {
    enter(xen, domain);
    xen.shutDown(domain, reason);
    throw new CpuGone("dom" + domain.id());
  }

  @Override
  public DomainControl domains() throws HypercallException {
    if (domain != xen.dom0Domain()) {
      throw new HypercallException(Errno.EPERM, "d" + domain.id() + " is not privileged");
    }
    return new ControlCalls(xen, domain);
  }

  /// The domain's own pages. Not a hypercall, so no scheduling point: a guest's memory access.
  private final class Memory implements GuestMemory {
    @Override
    public int frames() {
      return domain.frames().count();
    }

    @Override
    public MemorySegment page(int frame) throws HypercallException {
      requireFrame(frame);
      domain.memoryLock.lock();
      try {
        refuseIfGone(domain);
        return domain.frames().populated(frame).memory();
      } finally {
        domain.memoryLock.unlock();
      }
    }

    @Override
    public void release(int frame) {
      requireFrame(frame);
      domain.memoryLock.lock();
      try {
        refuseIfGone(domain);
        domain.frames().release(frame);
      } finally {
        domain.memoryLock.unlock();
      }
    }

    private void requireFrame(int frame) {
      if (!domain.frames().contains(frame)) {
        throw new IllegalArgumentException("d" + domain.id() + " has no frame " + frame);
      }
    }
  }
}
