package dev.xenbus.hypervisor;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.BuiltDomain;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.RawSpinLock;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What there is of one domain (`struct domain`). Small while idle: tables grow when they are used.
///
/// Each part says what guards it. [#phase] only moves forward; whoever sets it to DYING then passes
/// through every lock once ([#barrier]), so that a later holder of any of them sees it.
final class Domain {
  /// How far its life is. Shut down is not a phase: it releases nothing.
  enum Phase {
    /// Made, paused, running or shut down.
    ALIVE,
    /// Its resources are being released.
    DYING,
    /// Released; kept by others' references alone. Only now listed as dying: a zombie.
    DEAD,
    /// Nothing refers to it; its id is free.
    DESTROYED
  }

  /// What was built into it.
  ///
  /// @param boot what it boots
  /// @param built where store and console are
  record Image(BootSpec boot, BuiltDomain built) {}

  private final int id;
  private final Domid domid;
  private final UUID uuid;
  private final int vcpus;
  private final boolean hvm;
  private final long pagesMax;
  private final FramePool pool;

  final RawSpinLock eventLock = new RawSpinLock();
  final RawSpinLock memoryLock = new RawSpinLock();

  private final EventTable events; // guarded by eventLock, with lock-free looks
  private final GuestFrames frames; // guarded by memoryLock
  private final GrantTable grants; // guarded by memoryLock
  private final Maptrack maptrack; // has its own lock
  private final SharedInfo sharedInfo; // atomic
  private final MemorySegment sharedInfoMemory;
  private final @Nullable Frame sharedInfoFrame; // null if it is more than a frame
  private final LifeCycle life = new LifeCycle();
  private volatile Phase phase = Phase.ALIVE;
  private volatile @Nullable Runnable upcall;
  private volatile @Nullable Image image;
  private volatile @Nullable Current current;
  private volatile @Nullable SavedGuest saved;

  Domain(int id, DomainSpec spec, int handlesMax, FramePool pool) throws HypercallException {
    this.id = id;
    this.domid = Domid.of(id);
    this.uuid = spec.uuid();
    this.vcpus = spec.vcpus();
    this.hvm = spec.hvm();
    this.pagesMax = Hypervisor.pagesOf(spec.memoryMib());
    this.pool = pool;
    this.events = new EventTable(spec.eventChannelPortMax());
    this.frames = new GuestFrames(this, pool, (int) pagesMax);
    this.grants = new GrantTable(this, pool, spec.grantFramesMax());
    this.maptrack = new Maptrack(id, handlesMax, pool.facts());
    if (spec.eventChannelPortMax() < SharedInfo.TWO_LEVEL_PORTS) {
      sharedInfoFrame = pool.take();
      sharedInfoFrame.allocated(null);
      sharedInfoMemory = sharedInfoFrame.memory();
    } else {
      sharedInfoFrame = null;
      sharedInfoMemory = pool.contiguous(SharedInfo.THREE_LEVEL_BYTES);
    }
    sharedInfo = new SharedInfo(sharedInfoMemory);
  }

  int id() {
    return id;
  }

  Domid domid() {
    return domid;
  }

  UUID uuid() {
    return uuid;
  }

  int vcpus() {
    return vcpus;
  }

  /// Returns whether it runs in a hardware container.
  boolean isHvm() {
    return hvm;
  }

  long pagesMax() {
    return pagesMax;
  }

  EventTable events() {
    return events;
  }

  GuestFrames frames() {
    return frames;
  }

  GrantTable grants() {
    return grants;
  }

  Maptrack maptrack() {
    return maptrack;
  }

  SharedInfo sharedInfo() {
    return sharedInfo;
  }

  MemorySegment sharedInfoMemory() {
    return sharedInfoMemory;
  }

  LifeCycle life() {
    return life;
  }

  /// Returns what was built into it; null before that.
  @Nullable Image image() {
    return image;
  }

  void image(Image built) {
    image = built;
  }

  /// Returns where its kernel's hypercalls learn of it; null before it ran.
  @Nullable Current current() {
    return current;
  }

  void current(Current ofKernel) {
    current = ofKernel;
  }

  /// Returns what was saved of it while it was suspended, for as long as it still has that.
  @Nullable SavedGuest saved() {
    return saved;
  }

  void saved(@Nullable SavedGuest state) {
    saved = state;
  }

  Phase phase() {
    return phase;
  }

  /// Returns whether its end has begun, zombies included.
  boolean isDying() {
    return phase != Phase.ALIVE;
  }

  void phase(Phase next) {
    phase = next;
  }

  /// Passes through every lock: after it, nobody still acts on an older phase.
  void barrier() {
    eventLock.barrier();
    memoryLock.barrier();
    maptrack.close();
  }

  /// Sets what tells the vCPU of an upcall.
  void upcall(@Nullable Runnable handler) {
    upcall = handler;
  }

  /// Tells the vCPU of an upcall. Called with no lock held.
  void deliver() {
    Runnable handler = upcall;
    if (handler != null) {
      handler.run();
    }
  }

  /// Gives back what Xen itself keeps for the domain, once nothing refers to it.
  void freeXenPages() {
    memoryLock.lock();
    try {
      grants.free();
    } finally {
      memoryLock.unlock();
    }
    if (sharedInfoFrame != null) {
      pool.give(sharedInfoFrame);
    }
  }

  /// Pause count, shutdown reason and vCPUs. Its lock is a leaf.
  static final class LifeCycle {
    private final RawSpinLock lock = new RawSpinLock();
    private int pauses;
    private @Nullable ShutdownReason shutdown;
    private @Nullable Cpu cpu;

    /// How often the Cpu is paused because of [#pauses]. Guarded by the control lock.
    private int pausesApplied;

    private long cpuNanosKept;

    /// Changes the pause count unless it would fall below 0.
    ///
    /// @return whether it was changed
    boolean addPauses(int change) {
      lock.lock();
      try {
        if (pauses + change < 0) {
          return false;
        }
        pauses += change;
        return true;
      } finally {
        lock.unlock();
      }
    }

    int pauses() {
      lock.lock();
      try {
        return pauses;
      } finally {
        lock.unlock();
      }
    }

    /// Latches a shutdown reason; returns false if there is one.
    boolean shutDown(ShutdownReason reason) {
      lock.lock();
      try {
        if (shutdown != null) {
          return false;
        }
        shutdown = reason;
        return true;
      } finally {
        lock.unlock();
      }
    }

    @Nullable ShutdownReason shutdown() {
      lock.lock();
      try {
        return shutdown;
      } finally {
        lock.unlock();
      }
    }

    /// Forgets that it was shut down (`domain_resume`).
    void resume() {
      lock.lock();
      try {
        shutdown = null;
      } finally {
        lock.unlock();
      }
    }

    void cpu(Cpu made) {
      lock.lock();
      try {
        cpu = made;
      } finally {
        lock.unlock();
      }
    }

    /// Takes the threads away, of a domain that is suspended: another one gets them.
    void takeCpu() {
      applyPauses();
      lock.lock();
      try {
        cpu = null;
      } finally {
        lock.unlock();
      }
    }

    /// Lets the threads be paused as often as the domain is; those of a suspended one are not,
    /// since they have stopped by themselves. Called with the control lock held.
    void applyPauses() {
      Cpu threads = cpu();
      ShutdownReason stopped = shutdown();
      if (threads == null || (stopped != null && stopped != ShutdownReason.SUSPEND)) {
        return;
      }
      int wanted = stopped == null ? pauses() : 0;
      for (; pausesApplied < wanted; pausesApplied++) {
        threads.pause();
      }
      for (; pausesApplied > wanted; pausesApplied--) {
        threads.unpause();
      }
    }

    /// Returns its vCPUs' threads; null before the first unpause.
    @Nullable Cpu cpu() {
      lock.lock();
      try {
        return cpu;
      } finally {
        lock.unlock();
      }
    }

    /// Notes processor time; it never falls, also when the threads that used it are gone.
    ///
    /// @param nanos what the threads that exist have used
    /// @return the time to report
    long cpuNanos(long nanos) {
      lock.lock();
      try {
        cpuNanosKept = Math.max(cpuNanosKept, nanos);
        return cpuNanosKept;
      } finally {
        lock.unlock();
      }
    }
  }
}
