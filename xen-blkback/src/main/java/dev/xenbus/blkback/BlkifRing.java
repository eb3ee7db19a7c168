package dev.xenbus.blkback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.blkif.BlockResponseLayout;
import dev.xenbus.api.XenbusDevice.MappedRing;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One ring of a device (`struct xen_blkif_ring`): its mapping, its channel, its free slots, its
/// responses. What consumes its requests is [RingWorker].
final class BlkifRing {
  private final Blkif blkif;
  private final int index;
  private final Kernel kernel;
  private final RingStatistics statistics = new RingStatistics();
  private final PersistentGrants persistentGrants;
  private final FreePages freePages;

  /// Where the worker sleeps.
  private final WaitQueue wakeups;

  /// Where a barrier waits until nothing is in flight.
  private final WaitQueue drained;

  private final AtomicInteger inflight = new AtomicInteger();
  private final AtomicInteger slotsInUse = new AtomicInteger();

  /// Set by the interrupt: there may be requests.
  private volatile boolean kicked;

  /// Set when the worker has something other than requests to look at.
  private volatile boolean attention;

  /// Whether it is mapped; set and cleared by whoever connects and disconnects.
  private volatile boolean active;

  private volatile @Nullable EventChannel channel;
  private @Nullable MappedRing mapping;
  private @Nullable RingPages pages;
  private @Nullable BackRing ring;

  /// The worker while it is to be stopped: cleared by the stopper, never by the worker, which may
  /// not have run at all ([KnownBug#STALE_BLOCK_THREAD]).
  private volatile @Nullable Task worker;

  private boolean stale;

  private final SpinLock responseLock;
  private final SpinLock slotLock;

  @GuardedBy("slotLock")
  private final ArrayDeque<PendingRequest> freeSlots = new ArrayDeque<>();

  BlkifRing(Blkif blkif, int index) {
    this.blkif = blkif;
    this.index = index;
    this.kernel = blkif.kernel();
    Cpu cpu = kernel.cpu();
    this.wakeups = cpu.waitQueue("xen_blkif_schedule");
    this.drained = cpu.waitQueue("xen_blk_drain_io");
    this.responseLock = cpu.spinLock(LockClass.of("blk_ring_lock"));
    this.slotLock = cpu.spinLock(LockClass.of("pending_free_lock"));
    this.persistentGrants = new PersistentGrants(blkif.options().persistentGrantsMax());
    this.freePages = new FreePages(kernel.pages());
  }

  // --- connect and disconnect -----------------------------------------------------------------

  /// Maps the ring and binds its channel (`xen_blkif_map`).
  ///
  /// @throws KernelException `EIO` if its indices are impossible, or what mapping and binding say
  void connect(List<Integer> refs, int port) throws KernelException {
    MappedRing mapped = blkif.device().mapRing(refs);
    try {
      RingPages view = RingPages.of(mapped.pages().stream().map(MappedGrant::page).toList());
      ring = attach(view);
      pages = view;
      channel =
          kernel
              .events()
              .bindInterdomainLateEoi(
                  frontend(), port, "blkif-backend", blkif.device().eventStatistics(), _ -> kick());
    } catch (KernelException e) {
      ring = null;
      pages = null;
      mapped.close();
      throw e;
    }
    mapping = mapped;
    active = true;
  }

  private BackRing attach(RingPages view) throws KernelException {
    try {
      return BackRing.attach(view, blkif.protocol().slotBytes(), () -> Task.point("blkif_sring"));
    } catch (IOException e) {
      throw new KernelException(Errno.EIO, "attach of " + blkif.device().nodePath(), e);
    }
  }

  /// Makes the worker and lets it run.
  void start(String comm) throws NoThread {
    Task made = kernel.cpu().kthread(comm, new RingWorker(this, blkif));
    worker = made;
    made.wake();
  }

  /// Stops the worker, then releases the ring unless something is in flight.
  ///
  /// @return false if something is: then mapping, channel and persistent grants stay
  boolean disconnect() {
    if (!active && !stale) {
      return true;
    }
    stop();
    if (inflight.get() > 0) {
      return false;
    }
    EventChannel bound = channel;
    if (bound != null) {
      channel = null;
      bound.close();
    }
    if (pages != null) {
      pages.close();
    }
    if (mapping != null) {
      mapping.close();
    }
    pages = null;
    ring = null;
    mapping = null;
    freeCaches();
    active = false;
    return true;
  }

  /// Gives back what the worker kept for later requests. Waits, in state D, for as long as anybody
  /// else refers to one of the pages.
  @KernelSymbol(value = "xen_blkbk_free_caches", module = "xen_blkback")
  private void freeCaches() {
    freePersistentGrants();
    freePages.shrink(0);
  }

  @KernelSymbol(value = "free_persistent_gnts", module = "xen_blkback")
  private void freePersistentGrants() {
    List<MappedGrant> all = persistentGrants.removeAll();
    kernel.grants().unmapSync(all);
    freePages.put(all.size());
  }

  /// Ends the worker and waits for it; nothing happens if there is none.
  void stop() {
    Task running = worker;
    if (running == null) {
      return;
    }
    Bug.unless(!stale, "kthread_stop of a thread that is gone: its ring kept the pointer");
    boolean staysSet = kernel.hasBug(KnownBug.STALE_BLOCK_THREAD);
    if (!staysSet) {
      worker = null;
    }
    running.stop();
    stale = staysSet && worker != null;
  }

  /// The worker is about to end.
  void workerEnds() {
    if (kernel.hasBug(KnownBug.STALE_BLOCK_THREAD)) {
      worker = null;
    }
  }

  /// Returns whether it has a worker that is gone: with a known fault alone.
  boolean isStale() {
    return stale;
  }

  // --- what the worker needs ------------------------------------------------------------------

  int index() {
    return index;
  }

  Domid frontend() {
    return blkif.device().otherEndDomid();
  }

  RingStatistics statistics() {
    return statistics;
  }

  PersistentGrants persistentGrants() {
    return persistentGrants;
  }

  FreePages freePages() {
    return freePages;
  }

  boolean isActive() {
    return active;
  }

  /// Returns the mapped ring.
  BackRing ring() {
    BackRing mapped = ring;
    if (mapped == null) {
      throw new IllegalStateException("ring " + index + " is not mapped");
    }
    return mapped;
  }

  /// The interrupt (`xen_blkif_be_int`): the channel stays masked until [#endOfInterrupt].
  void kick() {
    kicked = true;
    wakeups.wakeAll();
  }

  /// Lets the worker look at what is not a request: the disk's size, its housekeeping.
  void attend() {
    attention = true;
    wakeups.wakeAll();
  }

  boolean isKicked() {
    return kicked;
  }

  /// Forgets the kick before the ring is looked at, so that a later one is not lost.
  boolean takeKick() {
    boolean was = kicked;
    kicked = false;
    attention = false;
    VarHandle.fullFence();
    return was;
  }

  void awaitWork(Task worker) {
    wakeups.await(
        Task.State.S, WaitQueue.FOREVER, () -> kicked || attention || worker.shouldStop());
    wakeups.await(Task.State.S, WaitQueue.FOREVER, () -> hasFreeSlot() || worker.shouldStop());
  }

  void awaitStop(Task worker) {
    wakeups.await(Task.State.S, WaitQueue.FOREVER, worker::shouldStop);
  }

  void endOfInterrupt(boolean spurious) {
    EventChannel bound = channel;
    if (bound != null) {
      bound.eoi(spurious);
    }
  }

  // --- requests in flight ---------------------------------------------------------------------

  private boolean hasFreeSlot() {
    return slotsInUse.get() < ring().entries();
  }

  /// Takes a slot for a request; null if all are taken. Worker only.
  @Nullable PendingRequest takeSlot() {
    if (!hasFreeSlot()) {
      return null;
    }
    slotsInUse.incrementAndGet();
    slotLock.lock();
    try {
      PendingRequest free = freeSlots.pollLast();
      return free != null ? free : new PendingRequest();
    } finally {
      slotLock.unlock();
    }
  }

  void freeSlot(PendingRequest slot) {
    slotLock.lock();
    try {
      freeSlots.addLast(slot);
    } finally {
      slotLock.unlock();
    }
    if (slotsInUse.getAndDecrement() == ring().entries()) {
      wakeups.wakeAll();
    }
  }

  /// Counts a request that is about to be submitted; it keeps ring and device until [#complete].
  void begin() {
    blkif.get();
    inflight.incrementAndGet();
  }

  /// Ends a request: gives its pages back, and answers it once nothing of ours refers to them, so
  /// that the frontend can end its grants when it sees the response. Any context.
  void complete(PendingRequest request, int status) {
    List<MappedGrant> pagesToUnmap = request.segments.release(kernel.clock().nanos());
    if (pagesToUnmap.isEmpty()) {
      finish(request, status);
    } else {
      kernel
          .grants()
          .unmapAsync(
              pagesToUnmap,
              () -> {
                freePages.put(pagesToUnmap.size());
                finish(request, status);
              });
    }
  }

  private void finish(PendingRequest request, int status) {
    respond(request.id, request.operation, status);
    freeSlot(request);
    if (inflight.decrementAndGet() == 0) {
      drained.wakeAll();
    }
    blkif.put();
  }

  /// Waits until nothing is in flight or the worker is to stop, in slices of at most a second
  /// (`xen_blk_drain_io`).
  void drain(Task worker) {
    while (inflight.get() > 0 && !worker.shouldStop()) {
      drained.await(
          Task.State.S,
          RingWorker.NANOS_PER_SECOND,
          () -> inflight.get() == 0 || worker.shouldStop());
    }
  }

  /// Writes a response and tells the frontend if it wants to know (`make_response`). The three
  /// fields are written in place: the slot's padding is not ours to fill (XSA-216).
  void respond(long id, int operation, int status) {
    boolean notify;
    responseLock.lock();
    try {
      BackRing mapped = ring();
      RingPages slots = mapped.pages();
      long slot = mapped.slot(mapped.rspProdPvt());
      slots.setLong(slot + BlockResponseLayout.ID, id);
      slots.setByte(slot + BlockResponseLayout.OPERATION, (byte) operation);
      slots.setShort(slot + BlockResponseLayout.STATUS, (short) status);
      mapped.rspProdPvt(mapped.rspProdPvt() + 1);
      notify = mapped.pushResponsesAndCheckNotify();
    } finally {
      responseLock.unlock();
    }
    EventChannel bound = channel;
    if (notify && bound != null) {
      bound.send();
    }
  }
}
