package dev.xenbus.machine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A task of either machine: its identity, its life, what it holds and what it waits for.
///
/// Fields without a word are owned by the task itself; volatile ones are read by others.
final class MachineTask implements Task, Owned {
  /// Outcomes of a wait.
  static final int READY = 0;

  static final int TIMED_OUT = 1;
  static final int SIGNALLED = 2;
  static final int GONE = 3;

  /// What `waitFor` returns for a process that a signal or the death of its Cpu ended: 128 +
  /// `SIGTERM`.
  static final int EXIT_TERMINATED = 128 + 15;

  /// What `stop` returns for a kernel thread whose body never ran (`-EINTR`).
  static final int EXIT_NEVER_RAN = -4;

  /// What `waitFor` returns for a process that died of an exception of ours: 128 + `SIGABRT`.
  static final int EXIT_OOPS = 128 + 6;

  /// What kind of context it is.
  enum Kind {
    /// Made by `kthread`.
    KERNEL_THREAD,
    /// Made by `process`.
    PROCESS,
    /// Runs the interrupt handlers of a Cpu; not in the table of tasks.
    INTERRUPT,
    /// Stands in for a thread from outside; not in the table of tasks.
    OUTSIDE
  }

  final MachineCore machine;
  final MachineCpu cpu;
  final Kind kind;
  private final int pid;
  private final String comm;
  private final Body body;

  private volatile State state = State.D;
  private volatile String wchan = "kthread";
  private volatile long stateSince;

  /// The same, less what was skipped until then.
  private volatile long patientSince;

  // Guarded by this: the way from made over started to ended.
  private boolean started;
  private volatile boolean ended;
  private volatile int exitCode;
  private volatile boolean collected;
  private volatile boolean stopping;
  private volatile boolean signalled;
  private final Waiters exitWaiters = new Waiters();

  /// Somebody called [#wake]: a wait looks at its condition again.
  volatile boolean roused;

  /// What it waits for now, for the wait-for graph.
  volatile @Nullable Owned waitsFor;

  /// What it holds.
  final HeldLocks locks;

  /// Unwinds with [CpuGone].
  boolean dying;

  private @Nullable Waiter freeWaiters;

  /// What its scheduler knows of it.
  final Seat seat;

  MachineTask(MachineCpu cpu, Kind kind, int pid, String comm, Body body) {
    this.machine = cpu.machine;
    this.cpu = cpu;
    this.kind = kind;
    this.pid = pid;
    this.comm = comm;
    this.body = body;
    this.locks = new HeldLocks(this);
    this.seat = machine.scheduler.seat(this);
    if (kind == Kind.OUTSIDE) {
      state = State.R;
      wchan = "0";
    }
  }

  // --- identity -------------------------------------------------------------------------------

  @Override
  public int pid() {
    return pid;
  }

  @Override
  public String comm() {
    return comm;
  }

  @Override
  public boolean isKernelThread() {
    return kind != Kind.PROCESS;
  }

  @Override
  public Cpu cpu() {
    return cpu;
  }

  @Override
  public State state() {
    return state;
  }

  @Override
  public String wchan() {
    return wchan;
  }

  @Override
  public long stateSinceNanos() {
    return stateSince;
  }

  /// Returns since when it is in its state, less the time that was skipped.
  long patientSince() {
    return patientSince;
  }

  @Override
  public long cpuNanos() {
    return seat.cpuNanos();
  }

  @Override
  public StackTraceElement[] stack() {
    Thread thread = seat.thread;
    return thread == null || ended ? new StackTraceElement[0] : thread.getStackTrace();
  }

  @Override
  public String toString() {
    return comm + ":" + pid;
  }

  // --- life -----------------------------------------------------------------------------------

  /// Returns whether its body has begun or will.
  synchronized boolean isStarted() {
    return started;
  }

  boolean isEnded() {
    return ended;
  }

  /// Returns who waits for its end.
  Waiters exitWaiters() {
    return exitWaiters;
  }

  boolean isInterrupt() {
    return kind == Kind.INTERRUPT;
  }

  /// Returns whether this task must unwind now: its Cpu is gone and it holds nothing of others.
  boolean mustDie() {
    return cpu.isGone() && !locks.hasForeign();
  }

  @Override
  public void wake() {
    kick();
    machine.scheduler.point(Scheduler.Point.WAKE, this);
  }

  /// Wakes or starts it, without a scheduling point.
  void kick() {
    if (claimStart()) {
      begin();
    } else {
      roused = true;
      machine.scheduler.ready(this);
    }
  }

  private void begin() {
    if (cpu.isGone()) {
      finish(EXIT_TERMINATED);
      return;
    }
    shows(State.R, "0");
    machine.scheduler.start(this);
  }

  private synchronized boolean claimStart() {
    if (started) {
      return false;
    }
    started = true;
    return true;
  }

  /// Ends a task that was never started.
  void abandon(int code) {
    if (claimStart()) {
      finish(code);
    }
  }

  /// Runs in the task's own thread, once.
  void run() {
    ScopedValue.where(Tasks.CURRENT, this).run(kind == Kind.PROCESS ? this::system : this::thread);
  }

  @KernelSymbol("ret_from_fork")
  private void thread() {
    finish(kthread());
  }

  @KernelSymbol("entry_SYSCALL_64_after_hwframe")
  private void system() {
    finish(call());
  }

  @KernelSymbol("kthread")
  private int kthread() {
    // Asked to stop before it first ran: the body never runs (`kthread()` in `kernel/kthread.c`).
    return stopping ? EXIT_NEVER_RAN : runBody();
  }

  @KernelSymbol("do_syscall_64")
  private int call() {
    int code = runBody();
    return signalled ? EXIT_TERMINATED : code;
  }

  private int runBody() {
    try {
      machine.scheduler.begin(this);
      return body.run(this);
    } catch (CpuGone gone) {
      return EXIT_TERMINATED;
    } catch (Throwable fault) {
      machine.oops(this, fault);
      return EXIT_OOPS;
    } finally {
      dying = true;
      locks.dropAll();
    }
  }

  private void finish(int code) {
    exitCode = code;
    shows(State.Z, "0");
    ended = true;
    // A kill that came before looked at this task while it had not ended, one that comes later
    // sees that it has.
    if (kind != Kind.PROCESS || collected || cpu.isGone()) {
      machine.forget(this);
    }
    exitWaiters.wakeAll(machine.scheduler);
    if (cpu.attention != 0) {
      cpu.quietWaiters.wakeAll(machine.scheduler);
    }
  }

  @Override
  public boolean shouldStop() {
    return stopping;
  }

  @Override
  @KernelSymbol("kthread_stop")
  public int stop() {
    Bug.unless(isKernelThread(), "stop of a process: " + this);
    MachineTask self = machine.current();
    machine.scheduler.point(Scheduler.Point.WAKE, this);
    stopping = true;
    if (claimStart()) {
      finish(EXIT_NEVER_RAN);
    } else {
      roused = true;
      machine.scheduler.ready(this);
    }
    self.awaitEnd(this);
    return exitCode;
  }

  @KernelSymbol(value = "wait_for_completion", sched = true)
  private void awaitEnd(MachineTask other) {
    join(other, State.D, "kthread_stop");
  }

  @Override
  public void signal() {
    if (isKernelThread()) {
      return;
    }
    signalled = true;
    machine.scheduler.ready(this);
    machine.scheduler.point(Scheduler.Point.WAKE, this);
  }

  @Override
  public boolean signalPending() {
    return signalled;
  }

  @Override
  @KernelSymbol("do_wait")
  public int waitFor() {
    machine.current().join(this, State.S, "do_wait");
    collected = true;
    machine.forget(this);
    return exitCode;
  }

  /// Waits for the end of another task, without a scheduling point before.
  ///
  /// @return whether it ended in time
  boolean joinBefore(MachineTask other, long deadlineNanos) {
    Waiter waiter = waiter();
    try {
      while (true) {
        other.exitWaiters.add(waiter);
        if (other.isEnded()) {
          return true;
        }
        int outcome = block(State.S, "do_wait", false, deadlineNanos);
        if (outcome == GONE) {
          throw gone();
        }
        if (outcome == TIMED_OUT) {
          return other.isEnded();
        }
      }
    } finally {
      other.exitWaiters.remove(waiter);
      release(waiter);
    }
  }

  private void join(MachineTask other, State how, String what) {
    waitUntil(other.exitWaiters, how, what, other::isEnded, other);
  }

  @Override
  public void owners(List<MachineTask> into) {
    if (!ended) {
      into.add(this);
    }
  }

  @Override
  public String describe() {
    return "the end of " + this;
  }

  // --- waiting --------------------------------------------------------------------------------

  /// Takes a waiter of its own; [#release] gives it back.
  Waiter waiter() {
    Waiter waiter = freeWaiters;
    if (waiter == null) {
      return new Waiter(this);
    }
    freeWaiters = waiter.next;
    waiter.next = null;
    waiter.woken = false;
    waiter.handOff = false;
    waiter.writer = false;
    return waiter;
  }

  void release(Waiter waiter) {
    waiter.next = freeWaiters;
    freeWaiters = waiter;
  }

  /// Complains if this task may not sleep now.
  void mightSleep(Object where) {
    if (locks.spins() != 0 || kind == Kind.INTERRUPT) {
      throw new Bug(
          "sleeping function called from invalid context: "
              + this
              + (kind == Kind.INTERRUPT ? " in an interrupt handler" : " holding " + heldLocks())
              + " at "
              + where);
    }
  }

  /// Blocks once, in the given state.
  ///
  /// @return an outcome; `READY` may be spurious
  @KernelSymbol(value = "schedule", sched = true)
  int block(State how, String what, boolean signals, long deadlineNanos) {
    shows(how, what);
    int outcome = machine.scheduler.block(this, signals && kind == Kind.PROCESS, deadlineNanos);
    shows(State.R, "0");
    return outcome;
  }

  /// Blocks once outside of the machine, in state S.
  ///
  /// @return an outcome; `READY` may be spurious
  @KernelSymbol(value = "schedule", sched = true)
  int blockOutside(String what, OutsideWait outside, long deadlineNanos) {
    shows(State.S, what);
    int outcome = machine.scheduler.blockOutside(this, outside, deadlineNanos);
    shows(State.R, "0");
    return outcome;
  }

  /// Waits without limit for something that others hold.
  void waitUntil(
      Waiters list,
      State how,
      String what,
      java.util.function.BooleanSupplier condition,
      Owned resource) {
    machine.scheduler.point(Scheduler.Point.WAIT, resource);
    if (how != State.R) {
      mightSleep(what);
    }
    if (condition.getAsBoolean()) {
      return;
    }
    Waiter waiter = waiter();
    try {
      machine.waitGraph.waits(this, resource);
      while (true) {
        list.add(waiter);
        if (condition.getAsBoolean()) {
          return;
        }
        if (block(how, what, false, WaitQueue.FOREVER) == GONE) {
          throw gone();
        }
      }
    } finally {
      waitsFor = null;
      list.remove(waiter);
      release(waiter);
    }
  }

  /// Sleeps, interruptibly.
  ///
  /// @return whether the whole time went by
  @KernelSymbol(value = "do_nanosleep", sched = true)
  boolean sleep(long nanos) {
    machine.scheduler.point(Scheduler.Point.WAIT, "hrtimer_nanosleep");
    mightSleep("hrtimer_nanosleep");
    long deadline = machine.deadline(nanos);
    while (true) {
      switch (block(State.S, "hrtimer_nanosleep", true, deadline)) {
        case TIMED_OUT -> {
          return true;
        }
        case SIGNALLED -> {
          return false;
        }
        case GONE -> throw gone();
        default -> {} // woken for nothing
      }
    }
  }

  /// Begins to unwind.
  CpuGone gone() {
    dying = true;
    return new CpuGone(cpu.owner());
  }

  private void shows(State now, String what) {
    long nanos = machine.scheduler.nanos();
    stateSince = nanos;
    patientSince = nanos - machine.scheduler.skippedNanos();
    wchan = what;
    state = now;
  }

  // --- locks ----------------------------------------------------------------------------------

  @Override
  public List<LockClass> heldLocks() {
    return locks.classes();
  }
}
