package dev.xenbus.linux;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Task;
import java.util.concurrent.CopyOnWriteArrayList;

/// Asks those who can for memory (`mm/shrinker.c`): when `/proc/sys/vm/drop_caches` is written
/// (`fs/drop_caches.c`), and when there is no page left.
///
/// Differs: a caller that finds no page does not wait for memory (`GFP_NOWAIT`); what is given back
/// is for the next one.
///
/// Threads: any task; the mutex `shrinker_mutex` is held while shrinkers run.
final class MemoryReclaim {
  /// What `drop_caches` takes: 1 the page cache, 2 what shrinkers have, 4 not to log it any more.
  private static final int SLAB = 2;

  private static final int QUIET = 4;
  private static final int VALUE_MAX = 4;

  private record Shrinker(String name, Runnable run) {}

  private final Kernel kernel;
  private final Mutex mutex;
  private final Runnable work;
  private final CopyOnWriteArrayList<Shrinker> shrinkers = new CopyOnWriteArrayList<>();
  private volatile boolean isQuiet;

  private MemoryReclaim(Kernel kernel) {
    this.kernel = kernel;
    this.mutex = kernel.cpu().mutex(LockClass.of("shrinker_mutex"));
    this.work = this::shrink;
  }

  /// Makes the file, and listens for shortages.
  static MemoryReclaim of(Kernel kernel) {
    MemoryReclaim reclaim = new MemoryReclaim(kernel);
    kernel.files().add("/proc/sys/vm/drop_caches", reclaim.new DropCaches());
    kernel.pages().addShortageListener(() -> kernel.systemWorkQueue().queue(reclaim.work));
    return reclaim;
  }

  void add(String name, Runnable shrinker) {
    shrinkers.add(new Shrinker(name, shrinker));
  }

  @KernelSymbol("shrink_slab")
  private void shrink() {
    mutex.lock();
    try {
      shrinkers.forEach(shrinker -> shrinker.run().run());
    } finally {
      mutex.unlock();
    }
  }

  private final class DropCaches implements KernelFile {
    @Override
    public String read() throws KernelException {
      throw new KernelException(Errno.EACCES, "drop_caches is for writing");
    }

    @Override
    public void write(String text) throws KernelException {
      String number = text.strip();
      if (!number.matches("\\d{1,9}")
          || Integer.parseInt(number) < 1
          || Integer.parseInt(number) > VALUE_MAX) {
        throw new KernelException(Errno.EINVAL, "drop_caches is 1 to 4, not " + number);
      }
      int what = Integer.parseInt(number);
      if ((what & SLAB) != 0) {
        shrink();
      }
      if (!isQuiet) {
        Task task = Task.current();
        kernel.printk().info("%s (%d): drop_caches: %d".formatted(task.comm(), task.pid(), what));
      }
      isQuiet |= (what & QUIET) != 0;
    }
  }
}
