package dev.xenbus.linux.block;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Hold;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the injector of the vbd stall holds: the storage answers nothing to one thread.
///
/// Bounded by the request tags of all disks, since a held request keeps its tag.
final class CompletionHold {
  private final Cpu cpu;
  private final SpinLock lock;

  @GuardedBy("lock")
  private @Nullable Hold declared;

  @GuardedBy("lock")
  private final ArrayList<Runnable> parked = new ArrayList<>();

  /// Whose requests are held; written under `lock`.
  private volatile @Nullable String threadComm;

  CompletionHold(Cpu cpu) {
    this.cpu = cpu;
    this.lock = cpu.spinLock(LockClass.of("xwstall_bio"));
  }

  /// Holds what the threads of this name submit from now on.
  void hold(String comm) {
    Hold before = declare(cpu.machine().hold("bios of " + comm), comm);
    if (before != null) {
      before.close();
    }
  }

  private @Nullable Hold declare(@Nullable Hold next, @Nullable String comm) {
    lock.lock();
    try {
      Hold before = declared;
      declared = next;
      threadComm = comm;
      return before;
    } finally {
      lock.unlock();
    }
  }

  /// Returns whether what the calling task submits is to be held.
  boolean coversCaller() {
    String comm = threadComm;
    return comm != null && Task.currentIfAny().map(t -> t.comm().equals(comm)).orElse(false);
  }

  /// Keeps a completion back if anything is held now.
  ///
  /// @return whether it was kept
  boolean park(Runnable completion) {
    lock.lock();
    try {
      if (threadComm == null) {
        return false;
      }
      parked.add(completion);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Lets everything go on.
  void release() {
    Hold before = declare(null, null);
    List<Runnable> completions;
    lock.lock();
    try {
      completions = List.copyOf(parked);
      parked.clear();
    } finally {
      lock.unlock();
    }
    completions.forEach(Runnable::run);
    if (before != null) {
      before.close();
    }
  }
}
