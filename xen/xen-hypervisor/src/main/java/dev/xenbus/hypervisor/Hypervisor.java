package dev.xenbus.hypervisor;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Mutex;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Xen: domains, their pages, grant tables and event channels, and the references that keep a dead
/// domain as a zombie.
///
/// Made with dom0 in it; everything else goes through the [Hypercalls] of a domain. A guest can
/// harm only itself: what it writes into shared pages is read once and checked, and its hypercalls
/// end when it does. Native memory is freed when the hypervisor is unreachable.
///
/// Threads: any task of the machine; see the package for the locks.
public final class Hypervisor {
  private static final UUID DOM0_UUID = new UUID(0, 0);
  private static final int DOM0_PORT_MAX = SharedInfo.THREE_LEVEL_PORTS - 1;
  private static final int GRANT_FRAMES = 64;
  private static final long MIB = 1 << 20;

  /// What the machine has, and what dom0 gets of it.
  ///
  /// @param memoryMib memory of the machine, in MiB
  /// @param dom0MemoryMib memory of dom0, in MiB
  /// @param dom0Vcpus virtual processors of dom0
  /// @param handlesMax most mappings that one domain may hold (`gnttab_max_maptrack_frames`)
  /// @param console where Xen's own messages go, one line each, as in `xl dmesg`
  public record Options(
      int memoryMib, int dom0MemoryMib, int dom0Vcpus, int handlesMax, Consumer<String> console) {
    /// Xen's default for the number of mappings.
    public static final int HANDLES_MAX = 262_144;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if dom0 does not fit into the machine
    public Options {
      if (dom0MemoryMib < 1 || dom0MemoryMib > memoryMib || dom0Vcpus < 1 || handlesMax < 1) {
        throw new IllegalArgumentException(
            "dom0 with " + dom0MemoryMib + " MiB in a machine of " + memoryMib + " MiB");
      }
    }

    /// A machine of the given memory, a quarter of it dom0's (at most 4 GiB), with Xen's limits.
    public static Options ofMemory(int memoryMib) {
      int dom0 = Math.clamp(memoryMib / 4, 1, 4096);
      return new Options(memoryMib, dom0, 1, HANDLES_MAX, line -> {});
    }
  }

  private final Machine machine;
  private final Options options;
  private final GuestLoader loader;
  private final FramePool pool;
  private final DomainTable domains = new DomainTable();
  private final Cpu cpu;
  private final Mutex controlLock;
  private final Domain dom0;
  private final Cpu dom0Cpu;

  /// Makes a machine's hypervisor with dom0, which is not paused.
  ///
  /// @param loader what boots in guests
  public Hypervisor(Machine machine, Options options, GuestLoader loader) {
    this.machine = machine;
    this.options = options;
    this.loader = loader;
    this.pool =
        new FramePool(Arena.ofAuto(), pagesOf(options.memoryMib()), new Facts(machine.trace()));
    this.cpu = machine.cpu("xen");
    this.controlLock = cpu.mutex(LockClass.of("domctl_lock"));
    this.dom0 = makeDom0();
    this.dom0Cpu = machine.cpu("dom0");
    dom0.life().cpu(dom0Cpu);
  }

  private Domain makeDom0() {
    DomainSpec spec =
        new DomainSpec(
            DOM0_UUID, options.dom0MemoryMib(), options.dom0Vcpus(), DOM0_PORT_MAX, GRANT_FRAMES);
    try {
      return make(0, spec);
    } catch (HypercallException e) {
      throw new Bug("no memory for dom0: " + e.getMessage());
    }
  }

  /// Returns the hypercalls of dom0's kernel.
  public Hypercalls dom0() {
    return new DomainCalls(this, new Current(cpu, dom0));
  }

  /// Returns the threads of dom0's kernel and processes.
  public Cpu dom0Cpu() {
    return dom0Cpu;
  }

  static long pagesOf(int mib) {
    return mib * (MIB / XenPage.BYTES);
  }

  /// Returns the Cpu to which Xen's own locks and threads belong.
  Cpu cpu() {
    return cpu;
  }

  Machine machine() {
    return machine;
  }

  Options options() {
    return options;
  }

  GuestLoader loader() {
    return loader;
  }

  FramePool pool() {
    return pool;
  }

  DomainTable domains() {
    return domains;
  }

  /// Returns the lock under which one toolstack operation at a time runs (`domctl_lock`).
  Mutex controlLock() {
    return controlLock;
  }

  Domain dom0Domain() {
    return dom0;
  }

  /// Returns the domain of an ordinary id.
  ///
  /// @throws HypercallException `ESRCH`
  Domain find(int id) throws HypercallException {
    Domain domain = domains.find(id);
    if (domain == null) {
      throw new HypercallException(Errno.ESRCH, "d" + id + ": no such domain");
    }
    return domain;
  }

  /// Makes a domain with the given id and puts it into the table.
  ///
  /// @throws HypercallException `ENOMEM`, `EINVAL`
  Domain make(int id, DomainSpec spec) throws HypercallException {
    long pages = pagesOf(spec.memoryMib());
    boolean isSane =
        spec.memoryMib() >= 1
            && pages <= Integer.MAX_VALUE
            && spec.vcpus() >= 1
            && spec.eventChannelPortMax() >= 1
            && spec.eventChannelPortMax() < SharedInfo.THREE_LEVEL_PORTS
            && spec.grantFramesMax() >= 1;
    if (!isSane) {
      throw new HypercallException(Errno.EINVAL, "XEN_DOMCTL_createdomain " + spec);
    }
    if (!pool.reserve(pages)) {
      throw new HypercallException(
          Errno.ENOMEM,
          "XEN_DOMCTL_createdomain pages=" + pages + ": " + pool.freePages() + " are free");
    }
    try {
      Domain domain = new Domain(id, spec, options.handlesMax(), pool);
      domains.insert(domain);
      return domain;
    } catch (HypercallException e) {
      pool.facts().tell(XenFact.PAGES_OWNED, id, 0);
      pool.unreserve(pages);
      throw e;
    }
  }

  /// Latches a shutdown reason and stops the vCPUs; the first reason wins. Releases nothing.
  void shutDown(Domain domain, ShutdownReason reason) {
    if (!domain.life().shutDown(reason)) {
      return;
    }
    if (reason == ShutdownReason.CRASH) {
      options.console().accept("Domain " + domain.id() + " crashed");
    }
    stopVcpus(domain);
    EventCalls.raiseVirq(dom0, EventOperations.VIRQ_DOM_EXC);
  }

  /// Ends the threads of a domain.
  static void stopVcpus(Domain domain) {
    domain.upcall(null);
    Cpu cpu = domain.life().cpu();
    if (cpu != null) {
      cpu.kill();
    }
  }

  /// Destroys a dead domain that nothing refers to any more. Called, with no lock held, after every
  /// step that may have dropped the last reference.
  void reap(@Nullable Domain domain) {
    if (domain == null || domain.phase() != Domain.Phase.DEAD || !claimEnd(domain)) {
      return;
    }
    domains.remove(domain);
    domain.freeXenPages();
    pool.facts().tell(XenFact.DOMAIN_GONE, domain.id(), 0);
    EventCalls.raiseVirq(dom0, EventOperations.VIRQ_DOM_EXC);
  }

  private static boolean claimEnd(Domain domain) {
    domain.memoryLock.lock();
    try {
      boolean isLast = domain.phase() == Domain.Phase.DEAD && domain.frames().owned() == 0;
      if (isLast) {
        domain.phase(Domain.Phase.DESTROYED);
      }
      return isLast;
    } finally {
      domain.memoryLock.unlock();
    }
  }

  /// What is in use, for tests and explorations that want everything back at its start value.
  ///
  /// @param domains how many domains there are, zombies and dom0 included
  /// @param pagesFree pages that nobody owns
  /// @param portsDom0 dom0's event channels
  /// @param handlesDom0 pages of guests that dom0 maps
  public record Census(int domains, long pagesFree, int portsDom0, int handlesDom0) {}

  /// Counts, at a moment without running hypercalls.
  public Census census() {
    return new Census(
        domains.all().size(), pool.freePages(), portsInUse(dom0), dom0.maptrack().live());
  }

  private static int portsInUse(Domain domain) {
    domain.eventLock.lock();
    try {
      return domain.events().inUse();
    } finally {
      domain.eventLock.unlock();
    }
  }

  /// Checks that no page was lost: what all domains own and what is free is the whole machine.
  ///
  /// @throws Bug if it is not; for tests and explorations, at a moment without running hypercalls
  public void checkPages() {
    long owned = 0;
    List<Domain> all = domains.all();
    for (Domain domain : all) {
      domain.memoryLock.lock();
      try {
        owned += domain.frames().owned();
      } finally {
        domain.memoryLock.unlock();
      }
    }
    long total = pagesOf(options.memoryMib());
    Bug.unless(
        owned + pool.freePages() == total,
        "pages: owned " + owned + " + free " + pool.freePages() + " is not " + total);
  }
}
