package dev.xenbus.xs.mtwatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WorkQueue;
import java.util.ArrayList;
import java.util.List;

/// Works of mtwatch: starts threads, and reaps those that have left their loops. A thread is reaped
/// from here since the last device may be removed by the very thread that must end. Mirrors
/// `purge_list`, `purge_lock` and `purge_work`.
///
/// Lock: `mtwatch_purge_lock`.
final class Reaper {
  private final WorkQueue works;
  private final Runnable purgeWork = this::purge;
  private final SpinLock purgeLock;

  @GuardedBy("purgeLock")
  private final List<Task> purgeList = new ArrayList<>();

  private volatile boolean closing;

  Reaper(Kernel kernel) {
    works = kernel.cpu().workQueue("mtwatch", 1);
    purgeLock = kernel.cpu().spinLock(LockClass.of("mtwatch_purge_lock"));
  }

  /// Runs a work soon, after those before it; nothing if the kernel stops.
  void soon(Runnable work) {
    if (!closing) {
      works.queue(
          () -> {
            if (!closing) {
              work.run();
            }
          });
    }
  }

  /// The task leaves its loop now.
  void left(Task task) {
    purgeLock.lock();
    try {
      purgeList.add(task);
    } finally {
      purgeLock.unlock();
    }
    if (!closing) {
      works.queue(purgeWork);
    }
  }

  private void purge() {
    List<Task> gone;
    purgeLock.lock();
    try {
      gone = List.copyOf(purgeList);
      purgeList.clear();
    } finally {
      purgeLock.unlock();
    }
    gone.forEach(Task::stop);
  }

  /// Lets no more work begin and waits for the one that runs.
  void close() {
    closing = true;
    works.close();
  }
}
