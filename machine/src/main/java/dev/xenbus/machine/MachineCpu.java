package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The threads of one kernel.
///
/// Guarded by itself, for moments: its tasks, how often it is paused. A task that holds a lock of
/// another Cpu (a hypercall that changes the hypervisor's tables) is paused or killed only once it
/// has dropped it.
final class MachineCpu implements Cpu {
  /// Bits of [#attention].
  static final int PAUSED = 1;

  static final int DEAD = 2;

  final MachineCore machine;
  private final String owner;
  private final LinkedHashSet<MachineTask> tasks = new LinkedHashSet<>();
  private volatile int pauses;

  /// Who goes on although the others are stopped.
  private volatile @Nullable MachineTask alone;

  /// What its tasks have to look at in every scheduling point; 0 nearly always.
  volatile int attention;

  /// Who waits until nothing of it runs.
  final Waiters quietWaiters = new Waiters();

  private final InterruptContext interrupts;

  MachineCpu(MachineCore machine, String owner) {
    this.machine = machine;
    this.owner = owner;
    this.interrupts = new InterruptContext(this);
    this.attention = machine.down ? DEAD : 0;
  }

  @Override
  public String owner() {
    return owner;
  }

  @Override
  public Machine machine() {
    return machine;
  }

  @Override
  public String toString() {
    return owner;
  }

  boolean isGone() {
    return (attention & DEAD) != 0;
  }

  boolean isPaused() {
    return attention == PAUSED;
  }

  /// Returns whether a task has to stop: all of a paused Cpu do, and all but one of a stopped one.
  boolean stops(MachineTask task) {
    return attention == PAUSED && (pauses > 0 || !isAlone(task));
  }

  @SuppressWarnings("ReferenceEquality") // a task is equal to itself alone
  private boolean isAlone(MachineTask task) {
    return task == alone;
  }

  InterruptContext interrupts() {
    return interrupts;
  }

  // --- tasks ----------------------------------------------------------------------------------

  @Override
  @KernelSymbol("kthread_create_on_node")
  public Task kthread(String comm, Body body) throws NoThread {
    return make(MachineTask.Kind.KERNEL_THREAD, comm, body);
  }

  @Override
  @KernelSymbol("kthread_create_on_node")
  public Task ioThread(String comm, Body body) throws NoThread {
    Task task = make(MachineTask.Kind.KERNEL_THREAD, comm, body);
    ((MachineTask) task).seat.wantsOwnThread = true;
    return task;
  }

  @Override
  public Task process(String comm, Body body) throws NoThread {
    return make(MachineTask.Kind.PROCESS, comm, body);
  }

  private Task make(MachineTask.Kind kind, String comm, Body body) throws NoThread {
    machine.scheduler.point(Scheduler.Point.WAKE, comm);
    if (machine.choices().pick(Choices.Kind.FAULT, 2, comm) != 0) {
      throw new NoThread(comm);
    }
    MachineTask task = makeTask(kind, comm, body);
    if (isGone()) {
      task.abandon(MachineTask.EXIT_TERMINATED);
      throw new NoThread(comm);
    }
    return task;
  }

  /// Makes a task that no injected fault prevents.
  MachineTask makeTask(MachineTask.Kind kind, String comm, Body body) {
    MachineTask task = machine.newTask(this, kind, comm, body);
    synchronized (this) {
      tasks.add(task);
    }
    return task;
  }

  synchronized void remove(MachineTask task) {
    tasks.remove(task);
  }

  /// Returns its tasks, interrupt context included, oldest first.
  synchronized List<MachineTask> tasks() {
    return new ArrayList<>(tasks);
  }

  // --- primitives -----------------------------------------------------------------------------

  @Override
  public WaitQueue waitQueue(String wchan) {
    return new MachineWaitQueue(machine, wchan);
  }

  @Override
  public Mutex mutex(LockClass order) {
    return new MachineMutex(this, order);
  }

  @Override
  public SpinLock spinLock(LockClass order) {
    return new MachineSpinLock(this, order);
  }

  @Override
  public RwSemaphore rwSemaphore(LockClass order) {
    return new MachineRwSemaphore(this, order);
  }

  @Override
  public Completion completion(String wchan) {
    return new MachineCompletion(machine, wchan);
  }

  @Override
  public WorkQueue workQueue(String comm, int maxActive) {
    return new MachineWorkQueue(this, comm, maxActive);
  }

  @Override
  public Timer timer(String name, TimerKind kind, Runnable softirq) {
    return new MachineTimer(this, name, kind, softirq);
  }

  @Override
  public Irq irq(String name, Runnable handler) {
    return new MachineIrq(this, name, handler);
  }

  @Override
  public Poller poller(String wchan, OutsideWait outside) {
    if (machine.isSimulated()) {
      throw new UnsupportedOperationException("nothing outside of " + owner());
    }
    return new OutsidePoller(machine, wchan, outside);
  }

  @Override
  public Poller poller(String wchan) {
    return new MachinePoller(machine, wchan);
  }

  @Override
  public PipePair pipe(int bytesMax) {
    return MachinePipe.pair(machine, bytesMax);
  }

  // --- pause and kill -------------------------------------------------------------------------

  @Override
  @KernelSymbol("domain_pause")
  public void pause() {
    MachineTask self = machine.current();
    pauseSoon();
    awaitQuiet(self);
  }

  @Override
  public void pauseSoon() {
    machine.scheduler.point(Scheduler.Point.WAKE, this);
    synchronized (this) {
      int before = pauses;
      pauses = before + 1;
      attention |= PAUSED;
    }
    machine.scheduler.attention(this);
  }

  @KernelSymbol("domain_pause")
  private void awaitQuiet(MachineTask self) {
    Waiter waiter = self.waiter();
    try {
      while (true) {
        quietWaiters.add(waiter);
        if (isQuiet(self)) {
          return;
        }
        if (self.block(Task.State.D, "domain_pause", false, WaitQueue.FOREVER)
            == MachineTask.GONE) {
          throw self.gone();
        }
      }
    } finally {
      quietWaiters.remove(waiter);
      self.release(waiter);
    }
  }

  private boolean isQuiet(MachineTask self) {
    if (isGone()) {
      return true;
    }
    for (MachineTask task : tasks()) {
      if (task != self && task.isStarted() && !task.isEnded() && !machine.scheduler.isQuiet(task)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void unpause() {
    synchronized (this) {
      Bug.unless(pauses > 0, "unpause of " + owner + ", which is not paused");
      int before = pauses;
      pauses = before - 1;
      if (pauses > 0) {
        return;
      }
      if (alone == null) {
        attention &= ~PAUSED;
      }
    }
    machine.scheduler.attention(this);
    machine.scheduler.point(Scheduler.Point.WAKE, this);
  }

  @Override
  @KernelSymbol("stop_machine")
  public void stopMachine() {
    MachineTask self = machine.current();
    Bug.unless(owns(self), self + " stops " + owner + ", which is not its own");
    machine.scheduler.point(Scheduler.Point.WAKE, this);
    synchronized (this) {
      Bug.unless(alone == null, owner + " is stopped twice");
      alone = self;
      attention |= PAUSED;
    }
    machine.scheduler.attention(this);
    awaitQuiet(self);
  }

  @SuppressWarnings("ReferenceEquality") // a Cpu is equal to itself alone
  private boolean owns(MachineTask task) {
    return task.cpu == this;
  }

  @Override
  public void restartMachine() {
    MachineTask self = machine.current();
    synchronized (this) {
      Bug.unless(isAlone(self), self + " restarts " + owner + ", which it has not stopped");
      alone = null;
      if (pauses == 0) {
        attention &= ~PAUSED;
      }
    }
    machine.scheduler.attention(this);
    machine.scheduler.point(Scheduler.Point.WAKE, this);
  }

  @Override
  public void kill() {
    machine.scheduler.point(Scheduler.Point.WAKE, this);
    killNow();
  }

  /// Kills without a scheduling point.
  void killNow() {
    synchronized (this) {
      if ((attention & DEAD) != 0) {
        return;
      }
      attention |= DEAD;
    }
    machine.scheduler.dropTimers(this);
    machine.forgetListeners(this);
    for (MachineTask task : tasks()) {
      task.abandon(MachineTask.EXIT_TERMINATED);
      if (task.isEnded()) {
        machine.forget(task);
      } else {
        machine.scheduler.ready(task);
      }
    }
    machine.scheduler.attention(this);
    quietWaiters.wakeAll(machine.scheduler);
  }
}
