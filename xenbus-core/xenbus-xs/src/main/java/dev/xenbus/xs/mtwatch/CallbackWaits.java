package dev.xenbus.xs.mtwatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.xs.watch.EventQueue;
import dev.xenbus.xs.watch.RegisteredWatch;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who waits for whose callback to end. A wait that would close a cycle of callbacks that wait for
/// each other does not begin.
///
/// A task waits for one callback at a time, so the waits form chains: the one that would close a
/// cycle finds itself at the end of its own chain.
///
/// Lock: `mtwatch_wait_lock`.
final class CallbackWaits {
  /// A wait for one callback.
  ///
  /// @param queue where it runs
  /// @param run its number there
  private record Wait(EventQueue queue, long run) {}

  private final SpinLock waitLock;

  @GuardedBy("waitLock")
  private final Map<Task, Wait> waits = new LinkedHashMap<>();

  CallbackWaits(Kernel kernel) {
    waitLock = kernel.cpu().spinLock(LockClass.of("mtwatch_wait_lock"));
  }

  /// Waits until the callback has ended, unless that would close a cycle.
  ///
  /// @param watch the one that is unregistered
  /// @return whether it has ended
  boolean await(EventQueue queue, long run, RegisteredWatch watch) {
    Task me = Task.current();
    waitLock.lock();
    try {
      if (closesCycle(me, queue)) {
        return false;
      }
      waits.put(me, new Wait(queue, run));
      queue.tellWait("watch_wait", watch, run);
    } finally {
      waitLock.unlock();
    }
    try {
      queue.awaitEndOf(run);
    } finally {
      waitLock.lock();
      try {
        waits.remove(me);
        queue.tellWait("watch_waited", watch, run);
      } finally {
        waitLock.unlock();
      }
    }
    return true;
  }

  @GuardedBy("waitLock")
  private boolean closesCycle(Task me, EventQueue queue) {
    EventQueue at = queue;
    for (int links = 0; links <= waits.size(); links++) {
      Task runner = at.runner();
      if (me.equals(runner)) {
        return true;
      }
      @Nullable Wait next = runner == null ? null : waits.get(runner);
      // A wait whose callback has ended is over, even if the waiter has not noticed yet.
      if (next == null || !next.queue().isInRun(next.run())) {
        return false;
      }
      at = next.queue();
    }
    return false;
  }
}
