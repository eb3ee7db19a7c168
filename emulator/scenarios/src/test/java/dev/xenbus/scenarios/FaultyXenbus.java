package dev.xenbus.scenarios;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.api.SuspendFact;
import dev.xenbus.api.WatchFact;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A stand-in for dom0's xenbus with its thread `xenwatch`: a queue, a thread that runs callbacks,
/// watches that come and go, suspend and resume. It tells what it does, as the real one tells it,
/// and has a fault in what it does.
final class FaultyXenbus implements AutoCloseable {
  enum Fault {
    NONE,
    /// Two threads run what is in the queue.
    TWO_THREADS,
    /// The newest event is taken first.
    NEWEST_FIRST,
    /// The first event that a thread takes is forgotten.
    LOSES_THE_FIRST,
    /// Whoever unregisters a watch leaves its events where they are.
    DOES_NOT_PURGE,
    /// A suspend does not keep callbacks from beginning.
    DOES_NOT_FREEZE,
    /// A suspend does not wait for the callback that runs.
    DOES_NOT_WAIT
  }

  /// A watch.
  record Watch(String path, String token, Consumer<String> callback) {}

  private record Event(Watch watch, String path) {}

  private final Machine machine;
  private final Fault fault;
  private final WaitQueue eventsWait;
  private final WaitQueue idleWait;
  private final List<Task> threads = new ArrayList<>();
  private final SpinLock lock;

  @GuardedBy("lock")
  private final ArrayDeque<Event> events = new ArrayDeque<>();

  @GuardedBy("lock")
  private final List<Watch> running = new ArrayList<>();

  @GuardedBy("lock")
  private long runs;

  @GuardedBy("lock")
  private int tokens;

  @GuardedBy("lock")
  private boolean hasLost;

  private volatile boolean frozen;

  FaultyXenbus(Machine machine, Fault fault) throws NoThread {
    this.machine = machine;
    this.fault = fault;
    Cpu cpu = machine.cpu("dom0");
    eventsWait = cpu.waitQueue("xenwatch_thread");
    idleWait = cpu.waitQueue("unregister_xenbus_watch");
    lock = cpu.spinLock(LockClass.of("stand_in"));
    for (int i = 0; i < (fault == Fault.TWO_THREADS ? 2 : 1); i++) {
      Task thread = cpu.kthread(MtwatchInvariants.DEFAULT_THREAD, this::serve);
      threads.add(thread);
      thread.wake();
    }
  }

  Watch watch(String path, Consumer<String> callback) {
    lock.lock();
    try {
      tokens++;
      return new Watch(path, Integer.toString(tokens), callback);
    } finally {
      lock.unlock();
    }
  }

  void fire(Watch watch, String path) {
    Event event = new Event(watch, path);
    lock.lock();
    try {
      events.addLast(event);
      tell("watch_queue", event, events.stream().filter(e -> e.watch().equals(watch)).count());
    } finally {
      lock.unlock();
    }
    eventsWait.wakeAll();
  }

  void unregister(Watch watch) {
    purge(watch);
    idleWait.await(Task.State.D, WaitQueue.FOREVER, () -> !isRunning(watch));
    tell("watch_gone", new Event(watch, ""), 0);
  }

  private void purge(Watch watch) {
    if (fault == Fault.DOES_NOT_PURGE) {
      return;
    }
    lock.lock();
    try {
      for (Iterator<Event> i = events.iterator(); i.hasNext(); ) {
        Event event = i.next();
        if (event.watch().equals(watch)) {
          i.remove();
          tell("watch_purge", event, 0);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  void suspend() {
    tell("xs_freeze", false);
    frozen = fault != Fault.DOES_NOT_FREEZE;
    if (fault != Fault.DOES_NOT_WAIT) {
      idleWait.await(Task.State.D, WaitQueue.FOREVER, this::isIdle);
    }
    tell("xs_suspend", true);
  }

  void resume() {
    tell("xs_resume", false);
    frozen = false;
    eventsWait.wakeAll();
    tell("xs_thaw", false);
  }

  /// Returns whether no event waits and no callback runs.
  boolean isDone() {
    lock.lock();
    try {
      return events.isEmpty() && running.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private int serve(Task self) {
    while (true) {
      eventsWait.await(
          Task.State.S, WaitQueue.FOREVER, () -> self.shouldStop() || (!frozen && hasEvents()));
      if (self.shouldStop()) {
        return 0;
      }
      Event event = take();
      if (event != null) {
        event.watch().callback().accept(event.path());
        finish(event);
      }
    }
  }

  private @Nullable Event take() {
    lock.lock();
    try {
      if (frozen) {
        return null; // since it was woken
      }
      if (fault == Fault.LOSES_THE_FIRST && !hasLost) {
        hasLost = true;
        events.pollFirst();
      }
      Event event = fault == Fault.NEWEST_FIRST ? events.pollLast() : events.pollFirst();
      if (event != null) {
        runs++;
        running.add(event.watch());
        tell("watch_take", event, runs);
      }
      return event;
    } finally {
      lock.unlock();
    }
  }

  private void finish(Event event) {
    lock.lock();
    try {
      running.remove(event.watch());
      tell("watch_finish", event, runs);
    } finally {
      lock.unlock();
    }
    idleWait.wakeAll();
  }

  private boolean hasEvents() {
    lock.lock();
    try {
      return !events.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private boolean isIdle() {
    lock.lock();
    try {
      return running.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private boolean isRunning(Watch watch) {
    lock.lock();
    try {
      return running.contains(watch);
    } finally {
      lock.unlock();
    }
  }

  private void tell(String point, Event event, long number) {
    WatchFact fact =
        new WatchFact(
            Domid.DOM0,
            MtwatchInvariants.DEFAULT_THREAD,
            event.watch().path(),
            event.watch().token(),
            event.path(),
            Domid.DOM0);
    machine.trace().emit(point, 0, number, fact);
  }

  private void tell(String point, boolean isSuspended) {
    machine.trace().emit(point, 0, 0, new SuspendFact(Domid.DOM0, isSuspended));
  }

  @Override
  public void close() {
    threads.forEach(Task::stop);
  }
}
