package dev.xenbus.hypervisor;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Cpu;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The state of a suspended domain: its kernel's threads, which sleep, and its pages.
///
/// It stays in the domain until that is destroyed, or until it is put into another one. Then the
/// frames go along, whose addresses the kernel knows; of a frame that others still map the domain
/// keeps the original, and a copy goes along.
///
/// Guarded by the control lock.
final class SavedGuest implements DomainImage {
  private enum State {
    /// The domain still has it, and may go on.
    ATTACHED,
    /// No domain has it.
    DETACHED,
    /// A domain was given it.
    USED,
    /// Thrown away, or the domain went on.
    DISCARDED
  }

  private final Hypervisor xen;
  private final Domain source;
  private final Current current;
  private final Cpu cpu;
  private SortedMap<Integer, Frame> frames = new TreeMap<>();
  private volatile State state = State.ATTACHED;

  private SavedGuest(Hypervisor xen, Domain source, Current current, Cpu cpu) {
    this.xen = xen;
    this.source = source;
    this.current = current;
    this.cpu = cpu;
  }

  /// Takes the state of a domain.
  ///
  /// @throws HypercallException `EINVAL` if it is not suspended or its state was given away
  static SavedGuest of(Hypervisor xen, Domain domain) throws HypercallException {
    Current current = domain.current();
    Cpu cpu = domain.life().cpu();
    boolean isSuspended =
        domain.life().shutdown() == ShutdownReason.SUSPEND
            && current != null
            && current.isSuspended();
    if (domain.isDying() || cpu == null || current == null || !isSuspended) {
      throw new HypercallException(Errno.EINVAL, "d" + domain.id() + " is not suspended");
    }
    SavedGuest before = domain.saved();
    if (before != null) {
      return before;
    }
    SavedGuest saved = new SavedGuest(xen, domain, current, cpu);
    domain.saved(saved);
    return saved;
  }

  @Override
  public boolean isUsable() {
    return state == State.ATTACHED || state == State.DETACHED;
  }

  @Override
  public int pages() {
    if (state != State.ATTACHED) {
      return frames.size();
    }
    source.memoryLock.lock();
    try {
      return (int) source.frames().populatedCount();
    } finally {
      source.memoryLock.unlock();
    }
  }

  /// The domain goes on with it.
  void takeBack() {
    state = State.DISCARDED;
    source.saved(null);
  }

  /// Takes it out of its domain, for which nothing runs from now on.
  void detach() {
    if (state != State.ATTACHED) {
      return;
    }
    source.saved(null);
    source.upcall(null);
    source.life().takeCpu();
    state = State.DETACHED;
    try {
      source.memoryLock.lock();
      try {
        frames = source.frames().handOver();
      } finally {
        source.memoryLock.unlock();
      }
    } catch (HypercallException e) {
      xen.options().console().accept("d" + source.id() + ": state is lost: " + e.getMessage());
      discard();
    }
  }

  /// Puts it into another domain, which sleeps on until its vCPUs are unpaused.
  ///
  /// @throws HypercallException `EINVAL`
  void attach(Domain target) throws HypercallException {
    Domain.@Nullable Image built = target.image();
    boolean fits =
        built != null
            && !target.isDying()
            && target.life().cpu() == null
            && target.life().pauses() > 0
            && target.frames().count() >= source.frames().count();
    if (!isUsable() || built == null || !fits) {
      throw new HypercallException(
          Errno.EINVAL,
          "restore d" + target.id() + (isUsable() ? ": has run, or is too small" : ": state used"));
    }
    detach();
    target.memoryLock.lock();
    try {
      int store = built.built().storeFrame();
      int console = built.built().consoleFrame();
      frames.forEach(
          (guestFrame, frame) -> {
            if (guestFrame == store || guestFrame == console) {
              xen.pool().give(frame);
            } else {
              target.frames().adopt(guestFrame, frame);
            }
          });
    } finally {
      target.memoryLock.unlock();
    }
    frames = new TreeMap<>();
    state = State.USED;
    target.current(current);
    current.domain(target);
    target.life().cpu(cpu);
    target.life().applyPauses();
    current.wake(false);
  }

  /// Ends the threads and gives the frames back, if no domain has them.
  void discard() {
    if (state == State.DETACHED) {
      cpu.kill();
      frames.values().forEach(xen.pool()::give);
      frames = new TreeMap<>();
    } else if (state == State.ATTACHED) {
      source.saved(null);
    }
    state = state == State.USED ? State.USED : State.DISCARDED;
  }
}
