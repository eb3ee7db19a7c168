package dev.xenbus.xs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.WorkQueue;
import org.jspecify.annotations.Nullable;

/// A work queue that is made when it is first needed, so that a kernel without users of
/// `/dev/xen/xenbus` has no thread for them.
final class LazyWorkQueue {
  private final Kernel kernel;
  private final String comm;
  private final Mutex lock;

  @GuardedBy("lock")
  private @Nullable WorkQueue queue;

  LazyWorkQueue(Kernel kernel, String comm) {
    this.kernel = kernel;
    this.comm = comm;
    lock = kernel.cpu().mutex(LockClass.of("user_works"));
  }

  /// Returns the queue; makes it first if need be.
  WorkQueue get() {
    lock.lock();
    try {
      WorkQueue made = queue;
      if (made == null) {
        made = kernel.cpu().workQueue(comm, 1);
        queue = made;
      }
      return made;
    } finally {
      lock.unlock();
    }
  }

  /// Runs what is queued, then ends the worker, if there is one.
  void close() {
    WorkQueue made;
    lock.lock();
    try {
      made = queue;
    } finally {
      lock.unlock();
    }
    if (made != null) {
      made.close();
    }
  }
}
