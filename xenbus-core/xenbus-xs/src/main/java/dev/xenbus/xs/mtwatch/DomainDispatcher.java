package dev.xenbus.xs.mtwatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.xs.watch.EventQueue;
import dev.xenbus.xs.watch.Freezer;
import dev.xenbus.xs.watch.QueuedEvent;
import dev.xenbus.xs.watch.RegisteredWatch;
import dev.xenbus.xs.watch.WatchDispatcher;
import dev.xenbus.xs.watch.WatchThread;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What both designs of mtwatch have: the default thread, a table of guests with a thread each, and
/// the loops of these threads. Each design says how an event comes to a guest's queue, and when a
/// guest has an entry.
///
/// A guest's thread is drained before it leaves, whatever happened to the guest.
///
/// Locks, outermost first: `mtwatch_domain_lock` (the table and its entries), then the queues'
/// `watch_events_lock`, then `mtwatch_wait_lock`.
///
/// @param <D> a guest's entry
abstract class DomainDispatcher<D extends WatchDomain> implements WatchDispatcher {
  final Kernel kernel;
  final Freezer freezer = new Freezer();
  final EventQueue defaultQueue;
  final CallbackWaits waits;
  final Reaper reaper;
  final SpinLock domainLock;

  /// `domain_hash` and `domain_list` in one: one entry a domid.
  @GuardedBy("domainLock")
  final Map<Domid, D> domains = new TreeMap<>();

  private final WatchThread defaultThread;

  DomainDispatcher(Kernel kernel) {
    this.kernel = kernel;
    defaultQueue = new EventQueue(kernel, "xenwatch", 1, freezer);
    defaultThread = new WatchThread(kernel, defaultQueue);
    waits = new CallbackWaits(kernel);
    reaper = new Reaper(kernel);
    domainLock = kernel.cpu().spinLock(LockClass.of("mtwatch_domain_lock"));
  }

  /// Runs an event that the default thread has taken, or hands it on.
  abstract void runOnDefault(QueuedEvent event);

  /// Told of an event that a guest's thread has run.
  void ended(QueuedEvent event) {}

  /// Told of an entry that left the table, under the lock.
  void left(D domain) {}

  @Override
  public void start() throws NoThread {
    defaultThread.start(this::xenwatchThread);
  }

  @KernelSymbol("xenwatch_thread")
  private int xenwatchThread(Task self) {
    while (true) {
      defaultQueue.awaitWork(defaultThread::isStopping);
      if (defaultThread.isStopping()) {
        return 0;
      }
      QueuedEvent event = defaultQueue.take();
      if (event != null) {
        runOnDefault(event);
      }
    }
  }

  /// The body of a guest's thread.
  @KernelSymbol("mtwatch_thread")
  final int mtwatchThread(Task self, D domain) {
    EventQueue queue = domain.queue();
    while (true) {
      queue.awaitWork(() -> domain.isOver() || domain.thread().isStopping());
      if (domain.thread().isStopping()) {
        return 0;
      }
      if (removeIfOver(domain)) {
        reaper.left(self);
        return 0;
      }
      QueuedEvent event = queue.take();
      if (event != null) {
        queue.run(event);
        queue.finish();
        ended(event);
      }
    }
  }

  final boolean removeIfOver(D domain) {
    domainLock.lock();
    try {
      return removeIfOverLocked(domain);
    } finally {
      domainLock.unlock();
    }
  }

  /// @return whether it was there and is not any more
  @GuardedBy("domainLock")
  final boolean removeIfOverLocked(D domain) {
    boolean removed = domain.isOver() && domains.remove(domain.domid(), domain);
    if (removed) {
      left(domain);
    }
    return removed;
  }

  /// Returns the guests' queues that may hold events of a watch: its owner's, or all if it has
  /// none.
  final List<EventQueue> guestQueuesOf(RegisteredWatch watch) {
    domainLock.lock();
    try {
      if (watch.options().owner() instanceof WatchOptions.OwnedBy(Domid guest)) {
        D domain = domains.get(guest);
        return domain == null ? List.of() : List.of(domain.queue());
      }
      return domains.values().stream().map(WatchDomain::queue).toList();
    } finally {
      domainLock.unlock();
    }
  }

  @Override
  public final List<EventQueue> queues() {
    List<EventQueue> queues = new ArrayList<>();
    queues.add(defaultQueue);
    domainLock.lock();
    try {
      domains.values().forEach(domain -> queues.add(domain.queue()));
    } finally {
      domainLock.unlock();
    }
    return queues;
  }

  @Override
  public final Freezer freezer() {
    return freezer;
  }

  @Override
  public final List<String> close(long timeoutNanos) {
    reaper.close();
    List<D> last;
    domainLock.lock();
    try {
      last = List.copyOf(domains.values());
    } finally {
      domainLock.unlock();
    }
    List<String> stuck = new ArrayList<>();
    for (D domain : last) {
      if (!domain.thread().stop(timeoutNanos)) {
        stuck.add(domain.queue().comm());
      }
    }
    if (!defaultThread.stop(timeoutNanos)) {
      stuck.add(defaultQueue.comm());
    }
    return stuck;
  }
}
