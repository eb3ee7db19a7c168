package dev.xenbus.linux;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Hold;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the injector holds at a place in the code: the next task that comes by with the subject
/// that was asked for, such as the next probe of a vif. One task at a time.
///
/// Threads: any task. The lock guards what is set; the machine and the log are told without it.
final class TaskHold {
  private final LinuxKernel kernel;
  private final String kind;
  private final List<String> subjects;
  private final Task.State state;
  private final WaitQueue waiters;
  private final SpinLock lock;

  /// Whose next coming by is held; empty if nobody's is. Written under `lock`.
  private volatile String subject = "";

  /// Counts releases: a held task goes on once this has moved. Written under `lock`.
  private volatile long releases;

  /// Whether a task is held. Written under `lock`.
  private volatile boolean isHeld;

  @GuardedBy("lock")
  private @Nullable Hold hold;

  /// Makes one that holds nobody.
  ///
  /// @param kind of the place, such as `probe`
  /// @param subjects what it takes, such as `vif`
  /// @param state how a held task waits: in S a signal ends it
  TaskHold(LinuxKernel kernel, String kind, List<String> subjects, Task.State state) {
    this.kernel = kernel;
    this.kind = kind;
    this.subjects = List.copyOf(subjects);
    this.state = state;
    waiters = kernel.cpu().waitQueue("xwstall_" + kind + "_hold");
    lock = kernel.cpu().spinLock(LockClass.of("xwstall_" + kind));
  }

  /// Returns the subject that was asked for; empty if none is.
  String subject() {
    return subject;
  }

  /// Asks for a subject; an empty line or `0` lets go.
  ///
  /// @throws KernelException `EINVAL` if it is none of those that it takes
  void write(String value) throws KernelException {
    if (value.isEmpty() || value.equals("0")) {
      release();
      return;
    }
    if (!subjects.contains(value)) {
      throw new KernelException(
          Errno.EINVAL,
          "xwstall: %s_hold is %s or empty, not %s"
              .formatted(kind, String.join(", ", subjects), value));
    }
    lock.lock();
    try {
      subject = value;
    } finally {
      lock.unlock();
    }
    log("hold the next " + kind + " of " + value);
  }

  /// Asks for nobody, and lets go of the task that is held.
  void release() {
    Optional<Hold> old;
    lock.lock();
    try {
      subject = "";
      old = Optional.ofNullable(hold);
      hold = null;
      isHeld = false;
      long next = releases + 1;
      releases = next;
    } finally {
      lock.unlock();
    }
    old.ifPresent(Hold::close);
    log("release " + kind);
    waiters.wakeAll();
  }

  /// Holds the calling task if it is the one that was asked for.
  void pass(String passing) {
    if (!subject.equals(passing) || isHeld) {
      return;
    }
    Hold declared = kernel.cpu().machine().hold(kind + " of " + passing);
    long before = take(passing, declared);
    if (before < 0) {
      declared.close();
      return;
    }
    Task task = Task.current();
    log("hold %s of %s in %s:%d".formatted(kind, passing, task.comm(), task.pid()));
    waiters.await(state, WaitQueue.FOREVER, () -> releases != before);
    if (releases == before) {
      release(); // a signal came first
    }
  }

  /// Returns how many releases there were, or -1 if somebody else is held already.
  private long take(String passing, Hold declared) {
    lock.lock();
    try {
      if (isHeld || !subject.equals(passing)) {
        return -1;
      }
      isHeld = true;
      hold = declared;
      return releases;
    } finally {
      lock.unlock();
    }
  }

  private void log(String text) {
    kernel.printk().info("xwstall: " + text);
  }
}
