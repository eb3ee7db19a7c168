package dev.xenbus.xs.watch;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.util.List;

/// Mainline: one queue, one thread, one callback at a time. Mirrors `xenwatch_thread` and the end
/// of `unregister_xenbus_watch`.
///
/// Lock: `xenwatch_mutex`, held by the thread from taking an event until its callback has
/// returned. Whoever unregisters a watch takes it once, and so waits for the callback that runs
/// now, whichever watch it belongs to.
public final class SingleThreadDispatcher implements WatchDispatcher {
  private final Kernel kernel;
  private final Freezer freezer = new Freezer();
  private final Mutex xenwatchMutex;
  private final EventQueue queue;
  private final WatchThread thread;

  /// Makes a dispatcher, not started.
  public SingleThreadDispatcher(Kernel kernel) {
    this.kernel = kernel;
    xenwatchMutex = kernel.cpu().mutex(LockClass.of("xenwatch_mutex"));
    queue = new EventQueue(kernel, "xenwatch", 1, freezer);
    thread = new WatchThread(kernel, queue);
  }

  @Override
  public void start() throws NoThread {
    thread.start(this::xenwatchThread);
  }

  @KernelSymbol("xenwatch_thread")
  private int xenwatchThread(Task self) {
    while (true) {
      queue.awaitWork(thread::isStopping);
      if (thread.isStopping()) {
        return 0;
      }
      xenwatchMutex.lock();
      try {
        QueuedEvent event = queue.take();
        if (event != null) {
          queue.run(event);
          queue.finish();
        }
      } finally {
        xenwatchMutex.unlock();
      }
    }
  }

  @Override
  public void dispatch(RegisteredWatch watch, String path) {
    queue.offer(new QueuedEvent(watch, path, Domid.DOM0, kernel.clock().nanos()));
  }

  @Override
  public void drain(RegisteredWatch watch) {
    if (queue.isCallersOwn()) {
      queue.purge(watch);
      return;
    }
    xenwatchMutex.lock();
    try {
      queue.purge(watch);
    } finally {
      xenwatchMutex.unlock();
    }
  }

  @Override
  public boolean routesEventsOf(boolean supportsMtwatch) {
    return false;
  }

  @Override
  public void deviceAdded(Domid guest) {}

  @Override
  public void deviceRemoved(Domid guest) {}

  @Override
  public List<EventQueue> queues() {
    return List.of(queue);
  }

  @Override
  public Freezer freezer() {
    return freezer;
  }

  @Override
  public List<String> close(long timeoutNanos) {
    return thread.stop(timeoutNanos) ? List.of() : List.of(queue.comm());
  }
}
