package dev.xenbus.xs.watch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchFact;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Events that wait for one thread, and the one that it runs now. Mirrors the list `watch_events`
/// with the `nr_pending` of each watch: counted per watch and queue, changed under this queue's
/// lock.
///
/// Lock: `watch_events_lock`; the default queue's may be taken inside of a guest's.
public final class EventQueue {
  private final Kernel kernel;
  private final String comm;
  private final Freezer freezer;
  private final WaitQueue eventsWait;
  private final WaitQueue idleWait;
  private final SpinLock eventsLock;

  @GuardedBy("eventsLock")
  private final ArrayDeque<QueuedEvent> events = new ArrayDeque<>();

  /// How many events of a watch wait here; no entry for none.
  @GuardedBy("eventsLock")
  private final Map<RegisteredWatch, Integer> pending = new LinkedHashMap<>();

  /// What runs now: the mark "running here". Written under the lock, read by anyone.
  private volatile @Nullable QueuedEvent running;

  /// Counts callbacks begun, so that a waiter knows which one it waits for; written under the lock.
  private volatile long runs;

  private volatile int size;
  private volatile @Nullable Task runner;

  /// Makes an empty queue.
  ///
  /// @param comm the name of the thread that it is for
  /// @param level nesting level of its lock: 0 for a guest's queue, 1 for the default one
  public EventQueue(Kernel kernel, String comm, int level, Freezer freezer) {
    this.kernel = kernel;
    this.comm = comm;
    this.freezer = freezer;
    eventsWait = kernel.cpu().waitQueue(level == 0 ? "mtwatch_thread" : "xenwatch_thread");
    idleWait = kernel.cpu().waitQueue("unregister_xenbus_watch");
    eventsLock = kernel.cpu().spinLock(new LockClass("watch_events_lock", level));
  }

  /// Returns the name of the thread that it is for.
  public String comm() {
    return comm;
  }

  /// Returns the thread that runs its events, or null if there is none yet.
  public @Nullable Task runner() {
    return runner;
  }

  /// Sets the thread that runs its events.
  public void runner(@Nullable Task task) {
    runner = task;
  }

  /// Returns whether the caller is the thread that runs its events.
  public boolean isCallersOwn() {
    Task task = runner;
    return task != null && Task.currentIfAny().filter(task::equals).isPresent();
  }

  /// Appends an event if its watch's filter takes it.
  ///
  /// @return whether it was taken
  public boolean offer(QueuedEvent event) {
    RegisteredWatch watch = event.watch();
    eventsLock.lock();
    try {
      int waiting = pending.getOrDefault(watch, 0);
      if (!watch.options().willHandle().test(event.path(), waiting)) {
        return false;
      }
      events.addLast(event);
      pending.put(watch, waiting + 1);
      size = events.size();
      tell("watch_queue", event, waiting + 1);
    } finally {
      eventsLock.unlock();
    }
    eventsWait.wakeAll();
    return true;
  }

  /// Tells whoever listens to the machine's trace that the caller waits for a callback that runs
  /// here, or does no more.
  ///
  /// @param watch the one that is unregistered
  /// @param run the callback's number
  public void tellWait(String point, RegisteredWatch watch, long run) {
    var trace = kernel.cpu().machine().trace();
    if (trace.isHeard()) {
      trace.emit(
          point,
          0,
          run,
          new WatchFact(kernel.domid(), comm, watch.path(), watch.token(), "", Domid.DOM0));
    }
  }

  private void tell(String point, QueuedEvent event, long number) {
    var trace = kernel.cpu().machine().trace();
    if (trace.isHeard()) {
      WatchFact fact =
          new WatchFact(
              kernel.domid(),
              comm,
              event.watch().path(),
              event.watch().token(),
              event.path(),
              event.owner());
      trace.emit(point, event.owner().value(), number, fact);
    }
  }

  /// Waits, interruptibly, until there is an event to run or `orElse` holds.
  public void awaitWork(BooleanSupplier orElse) {
    eventsWait.await(
        Task.State.S,
        WaitQueue.FOREVER,
        () -> (size > 0 && !freezer.isFrozen()) || orElse.getAsBoolean());
  }

  /// Lets the thread look again whether there is something to do.
  public void kick() {
    eventsWait.wakeAll();
  }

  /// Takes the oldest event and marks it as running, unless callbacks are frozen.
  @SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock
  public @Nullable QueuedEvent take() {
    eventsLock.lock();
    try {
      if (freezer.isFrozen()) {
        return null;
      }
      QueuedEvent event = events.pollFirst();
      if (event != null) {
        size = events.size();
        dropPending(event.watch());
        runs++;
        running = event;
        tell("watch_take", event, runs);
      }
      return event;
    } finally {
      eventsLock.unlock();
    }
  }

  @GuardedBy("eventsLock")
  private void dropPending(RegisteredWatch watch) {
    pending.computeIfPresent(watch, (key, count) -> count == 1 ? null : count - 1);
  }

  /// Calls back, with no lock of this queue held; an exception costs the event alone.
  public void run(QueuedEvent event) {
    long begun = kernel.clock().nanos();
    var trace = kernel.cpu().machine().trace();
    trace.emit("watch_begin", event.owner().value(), event.arrivalNanos(), event.path());
    try {
      event.watch().run(event.path());
    } catch (RuntimeException e) {
      kernel.printk().error(comm + ": callback of " + event.watch() + " failed: " + e);
    }
    trace.emit("watch_end", event.owner().value(), begun, event.path());
  }

  /// The callback that [#take] began has ended.
  public void finish() {
    eventsLock.lock();
    try {
      QueuedEvent ended = running;
      if (ended != null) {
        tell("watch_finish", ended, runs);
      }
      running = null;
    } finally {
      eventsLock.unlock();
    }
    idleWait.wakeAll();
  }

  /// Removes all waiting events of a watch.
  ///
  /// @return those removed
  public List<QueuedEvent> purge(RegisteredWatch watch) {
    List<QueuedEvent> purged = new ArrayList<>();
    eventsLock.lock();
    try {
      if (pending.remove(watch) == null) {
        return List.of();
      }
      for (Iterator<QueuedEvent> i = events.iterator(); i.hasNext(); ) {
        QueuedEvent event = i.next();
        if (event.watch() == watch) {
          i.remove();
          purged.add(event);
          tell("watch_purge", event, 0);
        }
      }
      size = events.size();
    } finally {
      eventsLock.unlock();
    }
    return purged;
  }

  /// Moves all waiting events, in order, to the end of another queue, whatever the filters say.
  ///
  /// @return how many
  public int moveTo(EventQueue other) {
    List<QueuedEvent> moved;
    eventsLock.lock();
    try {
      moved = List.copyOf(events);
      events.clear();
      pending.clear();
      size = 0;
      other.append(moved);
    } finally {
      eventsLock.unlock();
    }
    other.kick();
    return moved.size();
  }

  private void append(List<QueuedEvent> moved) {
    eventsLock.lock();
    try {
      for (QueuedEvent event : moved) {
        events.addLast(event);
        tell("watch_move", event, pending.merge(event.watch(), 1, Integer::sum));
      }
      size = events.size();
    } finally {
      eventsLock.unlock();
    }
  }

  /// Returns how many events wait.
  public int size() {
    return size;
  }

  /// Returns how many events of a watch wait (`nr_pending`).
  public int pendingOf(RegisteredWatch watch) {
    eventsLock.lock();
    try {
      return pending.getOrDefault(watch, 0);
    } finally {
      eventsLock.unlock();
    }
  }

  /// Returns whether no event waits and none runs.
  public boolean isIdle() {
    eventsLock.lock();
    try {
      return events.isEmpty() && running == null;
    } finally {
      eventsLock.unlock();
    }
  }

  /// Returns what runs now.
  public @Nullable QueuedEvent running() {
    return running;
  }

  /// Returns the number of the watch's callback that runs now, or 0 if none of it runs.
  public long runOf(RegisteredWatch watch) {
    eventsLock.lock();
    try {
      QueuedEvent now = running;
      return now != null && now.watch() == watch ? runs : 0;
    } finally {
      eventsLock.unlock();
    }
  }

  /// Returns the number of the callback that runs now, or 0 if none runs.
  public long currentRun() {
    eventsLock.lock();
    try {
      return running == null ? 0 : runs;
    } finally {
      eventsLock.unlock();
    }
  }

  /// Returns whether the callback with the given number still runs.
  public boolean isInRun(long run) {
    return running != null && runs == run;
  }

  /// Waits, uninterruptibly, until the callback with the given number has ended.
  public void awaitEndOf(long run) {
    idleWait.await(Task.State.D, WaitQueue.FOREVER, () -> !isInRun(run));
  }

  /// Waits, uninterruptibly, until no callback runs.
  ///
  /// @return whether that happened in time
  public boolean awaitIdle(long timeoutNanos) {
    return idleWait.await(Task.State.D, timeoutNanos, () -> running == null)
        == WaitQueue.Wake.READY;
  }

  /// Returns a line for `/sys/kernel/debug/xenwatch/queues`.
  public QueueReport report() {
    long now = kernel.clock().nanos();
    eventsLock.lock();
    try {
      QueuedEvent oldest = running != null ? running : events.peekFirst();
      long ageNanos = oldest == null ? 0 : now - oldest.arrivalNanos();
      QueuedEvent runs = running;
      return new QueueReport(comm, events.size(), ageNanos, runs == null ? "" : runs.path());
    } finally {
      eventsLock.unlock();
    }
  }
}
