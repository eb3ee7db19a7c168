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
  private final Current current;
  private final GrantCalls grants;
  private final EventCalls events;
  private final GuestMemory memory = new Memory();
  private final SchedOperations sched = new Sched();

  DomainCalls(Hypervisor xen, Current current) {
    this.xen = xen;
    this.current = current;
    this.grants = new GrantCalls(xen, current);
    this.events = new EventCalls(xen, current);
  }

  /// Begins a hypercall.
  ///
  /// @return the caller's domain, looked at after the scheduling point: meanwhile its kernel may
  ///     have been put into another one
  /// @throws CpuGone if the caller's domain is at its end
  static Domain enter(Hypervisor xen, Current current) {
    xen.machine().point("hypercall");
    return refuseIfGone(current.domain());
  }

  /// Begins a hypercall of a domain that is never suspended.
  static void enter(Hypervisor xen, Domain domain) {
    xen.machine().point("hypercall");
    refuseIfGone(domain);
  }

  // A suspended domain is not at its end: what of it runs has just been stopped, or is about to.
  private static Domain refuseIfGone(Domain domain) {
    ShutdownReason shutdown = domain.life().shutdown();
    if (domain.isDying() || (shutdown != null && shutdown != ShutdownReason.SUSPEND)) {
      throw new CpuGone("dom" + domain.id());
    }
    return domain;
  }

  @Override
  public Domid self() {
    return current.domain().domid();
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
    return sched;
  }

  private final class Sched implements SchedOperations {
    @Override
    public void shutdown(ShutdownReason reason) {
      Domain domain = enter(xen, current);
      xen.shutDown(domain, reason);
      throw new CpuGone("dom" + domain.id());
    }

    @Override
    public boolean suspend() {
      Domain domain = enter(xen, current);
      current.beginSuspend();
      if (!domain.life().shutDown(ShutdownReason.SUSPEND)) {
        throw new CpuGone("dom" + domain.id());
      }
      EventCalls.raiseVirq(xen.dom0Domain(), EventOperations.VIRQ_DOM_EXC);
      return current.awaitResume();
    }
  }

  @Override
  public DomainControl domains() throws HypercallException {
    Domain domain = current.domain();
    if (domain != xen.dom0Domain()) {
      throw new HypercallException(Errno.EPERM, "d" + domain.id() + " is not privileged");
    }
    return new ControlCalls(xen, domain);
  }

  /// The domain's own pages. Not a hypercall, so no scheduling point: a guest's memory access.
  private final class Memory implements GuestMemory {
    @Override
    public int frames() {
      return current.domain().frames().count();
    }

    @Override
    public MemorySegment page(int frame) throws HypercallException {
      Domain domain = current.domain();
      requireFrame(domain, frame);
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
      Domain domain = current.domain();
      requireFrame(domain, frame);
      domain.memoryLock.lock();
      try {
        refuseIfGone(domain);
        domain.frames().release(frame);
      } finally {
        domain.memoryLock.unlock();
      }
    }

    private static void requireFrame(Domain domain, int frame) {
      if (!domain.frames().contains(frame)) {
        throw new IllegalArgumentException("d" + domain.id() + " has no frame " + frame);
      }
    }
  }
}
