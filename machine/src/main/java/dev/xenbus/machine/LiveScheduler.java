package dev.xenbus.machine;

import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Real threads, real time: tasks are virtual threads, and the JVM decides who goes on.
final class LiveScheduler implements Scheduler {
  /// After so many points a task lets others have its carrier thread: virtual threads are not
  /// preempted, and a guest that spins must not starve the rest. A power of two.
  private static final int POINTS_PER_SLICE = 1024;

  private final long bootNanos = System.nanoTime();
  private final ThreadLocal<MachineTask> outside = ThreadLocal.withInitial(this::standIn);
  private final ReentrantLock timersLock = new ReentrantLock();
  private final TimerHeap timers = new TimerHeap();
  private @Nullable Thread timerThread;
  private volatile boolean stopped;
  private volatile @Nullable MachineCore machine;

  void attach(MachineCore core) {
    machine = core;
  }

  private MachineCore machine() {
    return java.util.Objects.requireNonNull(machine);
  }

  private MachineTask standIn() {
    MachineTask task =
        machine()
            .newTask(
                machine().host,
                MachineTask.Kind.OUTSIDE,
                Thread.currentThread().getName(),
                self -> 0);
    task.seat.thread = Thread.currentThread();
    seat(task, false);
    return task;
  }

  @Override
  public Seat seat(MachineTask task) {
    return new LiveSeat(this);
  }

  private static LiveSeat seatOf(MachineTask task) {
    return (LiveSeat) task.seat;
  }

  @Override
  public MachineTask current() {
    if (Tasks.CURRENT.isBound()) {
      MachineTask task = Tasks.CURRENT.get();
      if (isOurs(task)) {
        return task;
      }
    }
    return outside.get();
  }

  @SuppressWarnings("ReferenceEquality") // a machine is equal to itself alone
  private boolean isOurs(MachineTask task) {
    return task.machine == machine;
  }

  @Override
  public long nanos() {
    return System.nanoTime() - bootNanos;
  }

  @Override
  public long skippedNanos() {
    return 0;
  }

  // --- tasks ----------------------------------------------------------------------------------

  @Override
  public void start(MachineTask task) {
    Thread.Builder threads =
        task.seat.wantsOwnThread ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
    Thread thread = threads.name(task.comm()).unstarted(() -> runTask(task));
    task.seat.thread = thread;
    thread.start();
  }

  private void runTask(MachineTask task) {
    seat(task, false);
    task.run();
    seatOf(task).off = true;
  }

  private void seat(MachineTask task, boolean off) {
    LiveSeat seat = seatOf(task);
    if (off) {
      long ran = seat.ranNanos;
      seat.ranNanos = ran + nanos() - seat.onSince;
    } else {
      seat.onSince = nanos();
    }
    seat.off = off;
  }

  @Override
  public void begin(MachineTask self) {
    if (self.cpu.attention != 0) {
      attend(self, false);
    }
  }

  @Override
  public void point(Point why, Object on) {
    if (why == Point.RELAX) {
      Thread.yield();
    }
    if (Tasks.CURRENT.isBound()) {
      MachineTask self = Tasks.CURRENT.get();
      if (!isOurs(self)) {
        return;
      }
      if (self.cpu.attention != 0) {
        attend(self, why == Point.UNLOCK && self.dying);
      }
      if ((++seatOf(self).points & (POINTS_PER_SLICE - 1)) == 0) {
        // Sleeps for an instant instead of yielding: a carrier looks at what was woken from outside
        // (timers, sockets) only when its own queue is empty, and tasks that yield keep it filled.
        LockSupport.parkNanos(1);
      }
    }
  }

  /// Unwinds a task of a dead Cpu and stops one of a paused Cpu.
  private void attend(MachineTask self, boolean unwinding) {
    while (true) {
      if (self.mustDie()) {
        if (unwinding) {
          return;
        }
        throw self.gone();
      }
      if (!self.cpu.stops(self) || self.locks.hasForeign()) {
        return;
      }
      // Off first, then a second look: a pauser sees us off or we see it gone.
      seat(self, true);
      self.cpu.quietWaiters.wakeAll(this);
      while (self.cpu.stops(self)) {
        LockSupport.park(self);
      }
      seat(self, false);
    }
  }

  @Override
  public int block(MachineTask self, boolean signals, long deadlineNanos) {
    LiveSeat seat = seatOf(self);
    seat(self, true);
    if (self.cpu.attention != 0) {
      self.cpu.quietWaiters.wakeAll(this);
    }
    boolean outside = self.kind == MachineTask.Kind.OUTSIDE;
    boolean interrupted = false;
    int outcome;
    while (true) {
      outcome = outcome(self, seat, signals, deadlineNanos);
      if (outcome >= 0) {
        break;
      }
      if (deadlineNanos == WaitQueue.FOREVER) {
        LockSupport.park(self);
      } else {
        LockSupport.parkNanos(self, deadlineNanos - nanos());
      }
      if (outside && Thread.interrupted()) {
        interrupted = true; // restored below; waits of the machine do not end by it
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    seat(self, false);
    if (self.cpu.attention != 0 && !outside && outcome != MachineTask.GONE) {
      attend(self, true);
      if (self.mustDie()) {
        return MachineTask.GONE;
      }
    }
    return outcome;
  }

  @Override
  public int blockOutside(MachineTask self, OutsideWait outside, long deadlineNanos) {
    LiveSeat seat = seatOf(self);
    seat(self, true);
    if (self.cpu.attention != 0) {
      self.cpu.quietWaiters.wakeAll(this);
    }
    // Where it waits is out before it looks for its permit; who gives one does so before looking
    // where it waits.
    seat.outside = outside;
    if (outcome(self, seat, false, deadlineNanos) < 0) {
      outside.await(deadlineNanos == WaitQueue.FOREVER ? deadlineNanos : deadlineNanos - nanos());
    }
    seat.outside = null;
    seat.takePermit(); // it has done its work: the wait is over
    seat(self, false);
    if (self.cpu.attention != 0) {
      attend(self, true);
    }
    return self.cpu.attention != 0 && self.mustDie() ? MachineTask.GONE : MachineTask.READY;
  }

  private int outcome(MachineTask self, LiveSeat seat, boolean signals, long deadlineNanos) {
    if (self.cpu.attention != 0 && self.kind != MachineTask.Kind.OUTSIDE && self.mustDie()) {
      return MachineTask.GONE;
    }
    if (seat.takePermit()) {
      return signals && self.signalPending() ? MachineTask.SIGNALLED : MachineTask.READY;
    }
    if (signals && self.signalPending()) {
      return MachineTask.SIGNALLED;
    }
    return deadlineNanos != WaitQueue.FOREVER && deadlineNanos - nanos() <= 0
        ? MachineTask.TIMED_OUT
        : -1;
  }

  @Override
  public void ready(MachineTask task) {
    LiveSeat seat = seatOf(task);
    // The permit is out before `off` is read; a task is off before it looks for its permit.
    seat.givePermit();
    if (seat.off) {
      unblock(seat);
    }
  }

  private static void unblock(LiveSeat seat) {
    OutsideWait outside = seat.outside;
    if (outside != null) {
      outside.wake();
    }
    LockSupport.unpark(seat.thread);
  }

  @Override
  public void attention(MachineCpu cpu) {
    for (MachineTask task : cpu.tasks()) {
      unblock(seatOf(task));
    }
  }

  @Override
  public boolean isQuiet(MachineTask task) {
    return seatOf(task).off && !task.locks.hasForeign();
  }

  // --- timers ---------------------------------------------------------------------------------

  @Override
  public void arm(Due due) {
    timersLock.lock();
    try {
      timers.add(due);
      if (due.index != 0 || stopped) {
        return;
      }
      if (timerThread == null) {
        timerThread = Thread.ofVirtual().name("emu-timer").start(this::runTimers);
      } else {
        LockSupport.unpark(timerThread);
      }
    } finally {
      timersLock.unlock();
    }
  }

  @Override
  public boolean disarm(Due due) {
    timersLock.lock();
    try {
      return timers.remove(due);
    } finally {
      timersLock.unlock();
    }
  }

  @Override
  public void dropTimers(MachineCpu cpu) {
    timersLock.lock();
    try {
      timers.removeAll(cpu);
    } finally {
      timersLock.unlock();
    }
  }

  private void runTimers() {
    while (!stopped) {
      long wait = WaitQueue.FOREVER;
      Due due = null;
      timersLock.lock();
      try {
        Due first = timers.first();
        if (first != null) {
          wait = first.at - nanos();
          if (wait <= 0) {
            timers.remove(first);
            due = first;
          }
        }
      } finally {
        timersLock.unlock();
      }
      if (due != null) {
        due.fire();
      } else if (wait == WaitQueue.FOREVER) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, wait);
      }
    }
  }

  /// Ends the timer thread.
  void stop() {
    stopped = true;
    timersLock.lock();
    try {
      LockSupport.unpark(timerThread);
    } finally {
      timersLock.unlock();
    }
  }
}
