package dev.xenbus.machine;

import java.util.List;
import java.util.Optional;

/// One thread of the emulated world, as `ps` knows it.
public interface Task {
  /// The state letter of `ps`.
  enum State {
    /// Running or ready to run.
    R,
    /// Interruptible sleep.
    S,
    /// Uninterruptible sleep.
    D,
    /// Zombie: ended, and its exit code not yet collected.
    Z
  }

  /// Returns the task that runs this code.
  ///
  /// @throws IllegalStateException if no task does, but a thread from outside of the machine
  static Task current() {
    return Tasks.current()
        .orElseThrow(() -> new IllegalStateException("not called from a task of the machine"));
  }

  /// Returns the task that runs this code, or empty if a thread from outside does.
  static Optional<Task> currentIfAny() {
    return Tasks.current();
  }

  /// Returns the process id, unique in its machine; lower ids are older.
  int pid();

  /// Returns the name, such as `xenwatch`.
  String comm();

  /// Returns whether this is a kernel thread (shown in brackets by `ps`) and not a process.
  boolean isKernelThread();

  /// Returns the Cpu whose task this is.
  Cpu cpu();

  /// Returns the state letter.
  State state();

  /// Returns the name of what it waits for, or `0` while it runs.
  String wchan();

  /// Returns the time since boot, in nanoseconds, at which it entered its present state.
  long stateSinceNanos();

  /// Returns how many nanoseconds it has run; in virtual time a fixed cost a scheduling step.
  long cpuNanos();

  /// Returns the locks that it holds, outermost first.
  List<LockClass> heldLocks();

  /// Returns its Java stack, innermost frame first; empty once it ended.
  StackTraceElement[] stack();

  /// Makes it runnable (`wake_up_process`), which is also how it is started.
  void wake();

  /// Returns whether [#stop] was called (`kthread_should_stop`).
  boolean shouldStop();

  /// Asks a kernel thread to end and waits, uninterruptibly, until it has (`kthread_stop`).
  ///
  /// @return its exit code, or -4 (`-EINTR`) if it was never started: then its body never runs
  int stop();

  /// Sends a process the signal that ends it: interruptible waits return `SIGNAL`.
  void signal();

  /// Returns whether a signal is waiting for it.
  boolean signalPending();

  /// Waits until the task ended and collects its exit code.
  ///
  /// @return the exit code; 128 + 15 if a signal or the death of its Cpu ended it
  int waitFor();

  /// Sleeps for the given time, interruptibly.
  ///
  /// @return whether the whole time went by; false if a signal came first
  static boolean sleep(long nanos) {
    return Tasks.sleep(nanos);
  }

  /// Declares a scheduling point of the calling task's machine; see [Machine#point].
  static void point(Object on) {
    Tasks.point(on);
  }

  /// Lets others run (`cond_resched`): a scheduling point and nothing more.
  static void relax() {
    Tasks.relax();
  }
}
