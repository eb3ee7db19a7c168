package dev.xenbus.machine;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The one thread of the operating system that all virtual threads of a simulated run are mounted
/// on, one after the other.
///
/// The JDK's own scheduler of virtual threads would do, and does where this one cannot be had; but
/// it takes a pool's queue, and often a second thread that wakes up to steal, to hand over a baton
/// between threads of which only one can ever run. JDK 25 has no public way to another scheduler;
/// with `--add-opens java.base/java.lang=dev.xenbus.machine`, as `xenemu explore` has it, there is
/// one.
///
/// Threads: any may [#execute]; one runs it.
final class Carrier implements Executor, Runnable {
  /// Makes a builder of virtual threads on an `Executor`; null if the JDK does not let us.
  private static final @Nullable MethodHandle BUILDER = builder();

  /// Kept from run to run: a run of a few steps takes less time than a thread's start.
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(Thread.ofPlatform().name("simulation").daemon().factory());

  // What runs next. At most one thing in a run whose threads hand over a baton; what else comes
  // (a thread that the JDK itself made wait) queues.
  private final AtomicReference<@Nullable Runnable> next = new AtomicReference<>();
  private final ConcurrentLinkedQueue<Runnable> more = new ConcurrentLinkedQueue<>();
  private volatile @Nullable Thread idle;
  private volatile boolean done;

  private Carrier() {}

  private static @Nullable MethodHandle builder() {
    try {
      Class<?> type = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder");
      return MethodHandles.privateLookupIn(type, MethodHandles.lookup())
          .findConstructor(type, MethodType.methodType(void.class, Executor.class))
          .asType(MethodType.methodType(Thread.Builder.OfVirtual.class, Executor.class));
    } catch (ReflectiveOperationException notThere) {
      return null;
    }
  }

  /// Makes a carrier, whose thread is not started; null if this JDK has none.
  static @Nullable Carrier make() {
    return BUILDER == null ? null : new Carrier();
  }

  /// Returns a builder of virtual threads that this mounts.
  Thread.Builder.OfVirtual threads() {
    try {
      return (Thread.Builder.OfVirtual)
          java.util.Objects.requireNonNull(BUILDER).invokeExact((Executor) this);
    } catch (Throwable e) {
      throw new IllegalStateException("no virtual threads on a carrier", e);
    }
  }

  /// Begins to mount what there is, in a thread of its own.
  void start() {
    THREADS.execute(this);
  }

  @Override
  public void execute(Runnable mount) {
    if (!next.compareAndSet(null, mount)) {
      more.add(mount);
    }
    Thread sleeper = idle;
    if (sleeper != null) {
      LockSupport.unpark(sleeper);
    }
  }

  /// Mounts what comes, until [#end].
  @Override
  public void run() {
    while (true) {
      Runnable mount = next.getAndSet(null);
      if (mount == null) {
        mount = more.poll();
      }
      if (mount != null) {
        mount.run();
      } else if (done) {
        return;
      } else {
        rest();
      }
    }
  }

  private void rest() {
    idle = Thread.currentThread();
    if (next.get() == null && more.isEmpty() && !done) {
      LockSupport.park(this);
    }
    idle = null;
  }

  /// Lets the thread end once nothing is left to mount.
  void end() {
    done = true;
    Thread sleeper = idle;
    if (sleeper != null) {
      LockSupport.unpark(sleeper);
    }
  }
}
