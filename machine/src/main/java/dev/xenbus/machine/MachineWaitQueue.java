package dev.xenbus.machine;

import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;

/// A wait queue of either machine.
final class MachineWaitQueue implements WaitQueue {
  private final MachineCore machine;
  private final String wchan;
  private final Waiters waiters = new Waiters();

  MachineWaitQueue(MachineCore machine, String wchan) {
    this.machine = machine;
    this.wchan = wchan;
  }

  @Override
  @KernelSymbol(value = "schedule_timeout", sched = true)
  public Wake await(Task.State how, long timeoutNanos, BooleanSupplier condition) {
    MachineTask self = machine.current();
    machine.scheduler.point(Scheduler.Point.WAIT, wchan);
    self.mightSleep(wchan);
    if (condition.getAsBoolean()) {
      return Wake.READY;
    }
    boolean signals = how == Task.State.S;
    long deadline = machine.deadline(timeoutNanos);
    Waiter waiter = self.waiter();
    boolean passOn = true;
    try {
      while (true) {
        // Queued before the look at the condition: whoever makes it hold after the look finds us.
        waiters.add(waiter);
        self.roused = false;
        if (condition.getAsBoolean()) {
          passOn = false;
          return Wake.READY;
        }
        if (waiter.woken || self.roused) {
          continue;
        }
        int outcome = block(self, how, signals, deadline);
        if (outcome == MachineTask.GONE) {
          throw self.gone();
        }
        if (outcome != MachineTask.READY) {
          passOn = !condition.getAsBoolean();
          return passOn ? wake(outcome) : Wake.READY;
        }
      }
    } finally {
      leave(self, waiter, passOn);
    }
  }

  @Override
  @KernelSymbol(value = "schedule_timeout", sched = true)
  public Wake sleep(Task.State how, long timeoutNanos, Lock held) {
    MachineTask self = machine.current();
    long deadline = machine.deadline(timeoutNanos);
    Waiter waiter = self.waiter();
    boolean passOn = true;
    Wake result;
    try {
      // Queued before the lock is dropped: a waker that takes the lock finds us.
      waiters.add(waiter);
      self.roused = false;
      held.unlock();
      self.mightSleep(wchan);
      int outcome = MachineTask.READY;
      if (!waiter.woken && !self.roused) {
        outcome = block(self, how, how == Task.State.S, deadline);
      }
      if (outcome == MachineTask.GONE) {
        throw self.gone();
      }
      passOn = false;
      waiters.remove(waiter);
      result = waiter.woken ? Wake.READY : wake(outcome);
    } finally {
      leave(self, waiter, passOn);
    }
    held.lock();
    return result;
  }

  private int block(MachineTask self, Task.State how, boolean signals, long deadline) {
    if (machine.choices().pick(Choices.Kind.SPURIOUS_WAKE, 2, wchan) != 0) {
      machine.scheduler.point(Scheduler.Point.RELAX, wchan);
      return MachineTask.READY;
    }
    return self.block(how, wchan, signals, deadline);
  }

  /// Leaves the queue. A wake that was meant for one waiter and that this one cannot use goes to
  /// the next.
  private void leave(MachineTask self, Waiter waiter, boolean passOn) {
    waiters.remove(waiter);
    boolean unused = passOn && waiter.woken;
    self.release(waiter);
    if (unused) {
      waiters.wakeOne(machine.scheduler);
    }
  }

  private static Wake wake(int outcome) {
    return switch (outcome) {
      case MachineTask.TIMED_OUT -> Wake.TIMEOUT;
      case MachineTask.SIGNALLED -> Wake.SIGNAL;
      default -> Wake.READY;
    };
  }

  @Override
  public void wakeOne() {
    waiters.wakeOne(machine.scheduler);
    machine.scheduler.point(Scheduler.Point.WAKE, wchan);
  }

  @Override
  public void wakeAll() {
    waiters.wakeAll(machine.scheduler);
    machine.scheduler.point(Scheduler.Point.WAKE, wchan);
  }

  @Override
  public boolean isEmpty() {
    return waiters.isEmpty();
  }
}
