package dev.xenbus.linux.api;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;

/// The polling of one queue of a network driver (`struct napi_struct`), in a thread of its own, as
/// with threaded NAPI: an interrupt schedules it, and it runs where it may sleep.
///
/// Made disabled. No schedule is lost: one that comes while it polls makes it poll once more, and
/// one that comes while it is disabled counts once it is enabled.
public final class Napi implements AutoCloseable {
  private final int budget;
  private final Poll poll;
  private final WaitQueue scheduledQueue;
  private final WaitQueue idleQueue;
  private final Task task;

  private final SpinLock lock;

  @GuardedBy("lock")
  private int disables = 1;

  private volatile boolean isScheduled;
  private volatile boolean isEnabled;
  private volatile boolean isPolling;

  private Napi(Cpu cpu, String comm, int budget, Poll poll) throws NoThread {
    this.budget = budget;
    this.poll = poll;
    this.lock = cpu.spinLock(LockClass.of("napi"));
    this.scheduledQueue = cpu.waitQueue("napi_threaded_poll");
    this.idleQueue = cpu.waitQueue("napi_disable");
    this.task = cpu.kthread(comm, this::run);
  }

  /// Makes it, disabled, with its thread.
  ///
  /// @param comm the thread's name, such as `napi/vif1.0-q0`
  /// @param budget how many packets one poll may take at most
  /// @throws KernelException `ENOMEM` if there is no thread
  public static Napi start(Cpu cpu, String comm, int budget, Poll poll) throws KernelException {
    try {
      Napi napi = new Napi(cpu, comm, budget, poll);
      napi.task.wake();
      return napi;
    } catch (NoThread e) {
      throw new KernelException(dev.xenbus.abi.Errno.ENOMEM, "no thread for " + comm, e);
    }
  }

  /// Has it poll soon (`napi_schedule`); any context.
  public void schedule() {
    isScheduled = true;
    scheduledQueue.wakeAll();
  }

  /// Lets it poll (`napi_enable`); undoes one [#disable].
  public void enable() {
    lock.lock();
    try {
      disables--;
      isEnabled = disables == 0;
    } finally {
      lock.unlock();
    }
    scheduledQueue.wakeAll();
  }

  /// Keeps it from polling, and waits for a running poll (`napi_disable`). Nests. Not to be called
  /// from inside of the poll.
  public void disable() {
    lock.lock();
    try {
      disables++;
      isEnabled = false;
    } finally {
      lock.unlock();
    }
    idleQueue.await(Task.State.D, WaitQueue.FOREVER, () -> !isPolling);
  }

  /// Ends the thread, after a running poll (`netif_napi_del`). May be called twice.
  @Override
  public void close() {
    task.stop();
  }

  private int run(Task self) {
    while (true) {
      scheduledQueue.await(
          Task.State.S, WaitQueue.FOREVER, () -> self.shouldStop() || (isScheduled && isEnabled));
      if (self.shouldStop()) {
        return 0;
      }
      if (begin()) {
        try {
          pollOnce();
        } finally {
          end();
        }
      }
    }
  }

  private void pollOnce() {
    // Cleared before the poll: what is scheduled while it looks at the rings is not lost.
    isScheduled = false;
    if (poll.poll(budget) >= budget) {
      isScheduled = true;
      Task.relax();
    }
  }

  private boolean begin() {
    lock.lock();
    try {
      isPolling = isEnabled;
      return isPolling;
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    isPolling = false;
    idleQueue.wakeAll();
  }

  /// What it does each time.
  @FunctionalInterface
  public interface Poll {
    /// Takes up to `budget` packets. If it takes fewer it has made sure, before it returns, that an
    /// event or a schedule comes with the next one.
    ///
    /// @return how many it took
    int poll(int budget);
  }
}
