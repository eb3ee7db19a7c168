package dev.xenbus.probe;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/// A semaphore with one unit (`struct semaphore`): unlike a mutex it has no owner, and no place in
/// the order of locks.
final class BinarySemaphore {
  private final WaitQueue waiters;
  private final AtomicBoolean taken = new AtomicBoolean();

  BinarySemaphore(Kernel kernel, String wchan) {
    waiters = kernel.cpu().waitQueue(wchan);
  }

  /// Takes it, waiting uninterruptibly (`down`).
  void down() {
    while (!tryDown()) {
      waiters.await(Task.State.D, WaitQueue.FOREVER, () -> !taken.get());
    }
  }

  /// Takes it if it is free (`down_trylock`).
  boolean tryDown() {
    return taken.compareAndSet(false, true);
  }

  /// Gives it back (`up`).
  void up() {
    taken.set(false);
    waiters.wakeAll();
  }
}
