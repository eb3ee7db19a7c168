package dev.xenbus.hypervisor;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The toolstack's operations (`do_domctl`, `xen/common/domctl.c`). One at a time runs, those that
/// only look apart.
final class ControlCalls implements DomainControl {
  private static final long PAGES_PER_MIB = Hypervisor.pagesOf(1);

  private final Hypervisor xen;
  private final Domain caller;

  ControlCalls(Hypervisor xen, Domain caller) {
    this.xen = xen;
    this.caller = caller;
  }

  /// An operation that runs alone, until it is closed.
  @FunctionalInterface
  private interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  /// Enters the hypervisor and waits until no other operation runs.
  private Turn turn() {
    DomainCalls.enter(xen, caller);
    xen.controlLock().lock();
    return xen.controlLock()::unlock;
  }

  @Override
  public Domid create(DomainSpec spec) throws HypercallException {
    try (Turn _ = turn()) {
      Domain domain = xen.make(idFor(spec), spec);
      domain.life().addPauses(1);
      return domain.domid();
    }
  }

  /// Returns the id that is asked for, which leaves the turn as it is, or the next one.
  private int idFor(DomainSpec spec) throws HypercallException {
    if (spec.domid().isEmpty()) {
      int id = xen.domains().claim();
      if (id < 0) {
        throw new HypercallException(Errno.ENOSPC, "XEN_DOMCTL_createdomain: every id is in use");
      }
      return id;
    }
    Domid wanted = spec.domid().get();
    if (wanted.equals(Domid.DOM0) || wanted.isReserved()) {
      throw new HypercallException(
          Errno.EINVAL, "XEN_DOMCTL_createdomain: d" + wanted + " is no ordinary domain's id");
    }
    if (xen.domains().find(wanted.value()) != null) {
      throw new HypercallException(
          Errno.EEXIST, "XEN_DOMCTL_createdomain: d" + wanted + " is in use");
    }
    return wanted.value();
  }

  @Override
  public BuiltDomain build(Domid domid, BootSpec boot) throws HypercallException {
    try (Turn _ = turn()) {
      Domain domain = xen.find(domid.value());
      return new DomainBuilder(xen, domain).build(boot);
    }
  }

  @Override
  public void pause(Domid domid) throws HypercallException {
    try (Turn _ = turn()) {
      Domain domain = other(domid, "XEN_DOMCTL_pausedomain");
      domain.life().addPauses(1);
      if (!domain.isDying()) {
        domain.life().applyPauses();
      }
    }
  }

  @Override
  public void unpause(Domid domid) throws HypercallException {
    try (Turn _ = turn()) {
      Domain domain = other(domid, "XEN_DOMCTL_unpausedomain");
      if (!domain.life().addPauses(-1)) {
        throw new HypercallException(
            Errno.EINVAL, "XEN_DOMCTL_unpausedomain d" + domid + ": not paused");
      }
      if (domain.isDying()) {
        return;
      }
      domain.life().applyPauses();
      boolean isNew = domain.life().cpu() == null && domain.life().shutdown() == null;
      if (isNew && domain.life().pauses() == 0) {
        new DomainBuilder(xen, domain).start();
      }
    }
  }

  @Override
  public void resume(Domid domid) throws HypercallException {
    try (Turn _ = turn()) {
      Domain domain = other(domid, "XEN_DOMCTL_resumedomain");
      SavedGuest.of(xen, domain).takeBack();
      domain.life().resume();
      domain.life().applyPauses();
      Optional.ofNullable(domain.current()).orElseThrow().wake(true);
    }
  }

  @Override
  public DomainImage save(Domid domid) throws HypercallException {
    try (Turn _ = turn()) {
      return SavedGuest.of(xen, other(domid, "save"));
    }
  }

  @Override
  public void restore(Domid domid, DomainImage image) throws HypercallException {
    try (Turn _ = turn()) {
      ((SavedGuest) image).attach(other(domid, "restore"));
    }
  }

  @Override
  public void discard(DomainImage image) {
    try (Turn _ = turn()) {
      ((SavedGuest) image).discard();
    }
  }

  @Override
  public void sleepMachine(long nanos) throws HypercallException {
    DomainCalls.enter(xen, caller);
    new MachineSleep(xen, nanos).run();
  }

  @Override
  public void shutdown(Domid domid, ShutdownReason reason) throws HypercallException {
    try (Turn _ = turn()) {
      xen.shutDown(xen.find(domid.value()), reason);
    }
  }

  @Override
  public void destroy(Domid domid) throws HypercallException {
    try (Turn _ = turn()) {
      new DomainKiller(xen, other(domid, "XEN_DOMCTL_destroydomain")).kill();
    }
  }

  /// Returns a domain that is not the caller.
  private Domain other(Domid domid, String call) throws HypercallException {
    Domain domain = xen.find(domid.value());
    if (domain == caller) {
      throw new HypercallException(Errno.EINVAL, call + " d" + domid + ": the caller itself");
    }
    return domain;
  }

  @Override
  public Optional<DomainInfo> info(Domid domid) {
    DomainCalls.enter(xen, caller);
    Domain domain = xen.domains().find(domid.value());
    return domain == null ? Optional.empty() : Optional.of(info(domain, tasksByCpu()));
  }

  @Override
  public List<DomainInfo> list() {
    DomainCalls.enter(xen, caller);
    IdentityHashMap<Cpu, Usage> usage = tasksByCpu();
    List<DomainInfo> list = new ArrayList<>();
    for (Domain domain : xen.domains().all()) {
      list.add(info(domain, usage));
    }
    return list;
  }

  @Override
  public long freeMib() {
    DomainCalls.enter(xen, caller);
    return xen.pool().freePages() / PAGES_PER_MIB;
  }

  private static DomainInfo info(Domain domain, IdentityHashMap<Cpu, Usage> usageByCpu) {
    boolean isDead = domain.phase().compareTo(Domain.Phase.DEAD) >= 0;
    @Nullable ShutdownReason shutdown = domain.life().shutdown();
    boolean isPaused = domain.life().pauses() > 0;
    Cpu cpu = domain.life().cpu();
    Usage usage = cpu == null ? null : usageByCpu.get(cpu);
    boolean isOnline = cpu != null && shutdown == null && !isPaused && !domain.isDying();
    boolean isRunning = isOnline && usage != null && usage.isRunning;
    return new DomainInfo(
        domain.domid(),
        domain.uuid(),
        isDead,
        Optional.ofNullable(shutdown),
        isPaused,
        isOnline && !isRunning,
        isRunning,
        ownedPages(domain),
        domain.pagesMax(),
        domain.vcpus(),
        domain.life().cpuNanos(usage == null ? 0 : usage.nanos));
  }

  private static long ownedPages(Domain domain) {
    domain.memoryLock.lock();
    try {
      return domain.frames().owned();
    } finally {
      domain.memoryLock.unlock();
    }
  }

  /// What the threads of one Cpu do.
  private static final class Usage {
    boolean isRunning;
    long nanos;
  }

  /// Looked up by Cpu and never iterated, so identity hashes do not show.
  private IdentityHashMap<Cpu, Usage> tasksByCpu() {
    IdentityHashMap<Cpu, Usage> usage = new IdentityHashMap<>();
    for (Task task : xen.machine().tasks()) {
      Usage ofCpu = usage.computeIfAbsent(task.cpu(), cpu -> new Usage());
      ofCpu.isRunning |= task.state() == Task.State.R;
      ofCpu.nanos += task.cpuNanos();
    }
    return usage;
  }
}
