package dev.xenbus.xs.watch;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Body;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;

/// The life of a thread that runs the events of one queue. Used once.
public final class WatchThread {
  /// Bound in threads that run callbacks.
  private static final ScopedValue<Boolean> INSIDE = ScopedValue.newInstance();

  private final Kernel kernel;
  private final EventQueue queue;
  private final Completion ended;
  private volatile boolean stopping;

  /// Makes it; the thread does not exist yet.
  public WatchThread(Kernel kernel, EventQueue queue) {
    this.kernel = kernel;
    this.queue = queue;
    ended = kernel.cpu().completion("kthread_stop");
  }

  /// Returns whether the calling task is such a thread, of whatever kernel.
  public static boolean isCaller() {
    return INSIDE.isBound();
  }

  /// Makes and starts the thread.
  ///
  /// @param loop what it does; it returns soon once [#isStopping]
  /// @throws NoThread if it cannot be made
  public void start(Body loop) throws NoThread {
    Task task =
        kernel
            .cpu()
            .kthread(
                queue.comm(),
                self -> {
                  try {
                    return ScopedValue.where(INSIDE, true).call(() -> loop.run(self));
                  } finally {
                    ended.completeAll();
                  }
                });
    queue.runner(task);
    task.wake();
  }

  /// Returns whether the thread is to end.
  public boolean isStopping() {
    return stopping;
  }

  /// Asks the thread to end, and waits unless it is the caller.
  ///
  /// @return whether it has ended, or will by itself
  public boolean stop(long timeoutNanos) {
    stopping = true;
    queue.kick();
    Task task = queue.runner();
    if (task == null || queue.isCallersOwn()) {
      return true;
    }
    if (ended.await(timeoutNanos) != WaitQueue.Wake.READY) {
      return false;
    }
    task.stop();
    return true;
  }
}
