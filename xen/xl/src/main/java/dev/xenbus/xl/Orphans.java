package dev.xenbus.xl;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.machine.Body;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Waits for the processes that the toolstack leaves behind, as init does on a real host, so that
/// they are gone when they have ended.
///
/// Threads: any task starts one; `lock` guards the queue of those that ended.
final class Orphans {
  private final Cpu cpu;
  private final WaitQueue ending;
  private final Mutex lock;

  @GuardedBy("lock")
  private final Deque<Task> ended = new ArrayDeque<>();

  @GuardedBy("lock")
  private boolean collecting;

  Orphans(Cpu cpu) {
    this.cpu = cpu;
    this.ending = cpu.waitQueue("do_wait");
    this.lock = cpu.mutex(LockClass.of("xl_orphans"));
  }

  /// Starts a process that nobody waits for.
  ///
  /// @throws NoThread if it cannot be made
  Task start(String comm, Body body) throws NoThread {
    startCollecting();
    Task task =
        cpu.process(
            comm,
            self -> {
              try {
                return body.run(self);
              } finally {
                ended(self);
              }
            });
    task.wake();
    return task;
  }

  private void startCollecting() throws NoThread {
    boolean first;
    lock.lock();
    try {
      first = !collecting;
      collecting = true;
    } finally {
      lock.unlock();
    }
    if (!first) {
      return;
    }
    try {
      cpu.kthread("emu-init", this::collect).wake();
    } catch (NoThread e) {
      lock.lock();
      try {
        collecting = false;
      } finally {
        lock.unlock();
      }
      throw e;
    }
  }

  private void ended(Task task) {
    lock.lock();
    try {
      ended.add(task);
    } finally {
      lock.unlock();
    }
    ending.wakeAll();
  }

  private int collect(Task self) {
    while (!self.shouldStop()) {
      Task task = next();
      if (task != null) {
        task.waitFor();
      }
    }
    return 0;
  }

  // Null: woken for nothing.
  private @Nullable Task next() {
    lock.lock();
    try {
      if (ended.isEmpty()) {
        ending.sleep(Task.State.S, WaitQueue.FOREVER, lock);
      }
      return ended.poll();
    } finally {
      lock.unlock();
    }
  }
}
