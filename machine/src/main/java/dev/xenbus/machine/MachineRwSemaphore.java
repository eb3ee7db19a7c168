package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/// A reader-writer semaphore of either machine, strictly in order of arrival: a waiting writer
/// holds back the readers that come after it.
///
/// Guarded by `waiters`, for moments: who holds it, who waits.
final class MachineRwSemaphore implements RwSemaphore, Owned {
  private final MachineCore machine;
  private final LockClass order;
  private final Side readers;
  private final Side writers;
  private final Waiters waiters = new Waiters();
  private final List<MachineTask> reading = new ArrayList<>(2);
  private @Nullable MachineTask writing;

  MachineRwSemaphore(MachineCpu cpu, LockClass order) {
    this.machine = cpu.machine;
    this.order = order;
    this.readers = new Side(cpu, order, false);
    this.writers = new Side(cpu, order, true);
  }

  @Override
  public Lock read() {
    return readers;
  }

  @Override
  public Lock write() {
    return writers;
  }

  @Override
  public void owners(List<MachineTask> into) {
    synchronized (waiters) {
      into.addAll(reading);
      if (writing != null) {
        into.add(writing);
      }
    }
  }

  @Override
  public String describe() {
    return order.toString();
  }

  /// Takes a side at once if nobody is in the way, waiters included.
  private boolean grab(MachineTask self, boolean write, boolean overtake) {
    synchronized (waiters) {
      if (writing != null || (!overtake && waiters.first() != null)) {
        return false;
      }
      if (write) {
        if (!reading.isEmpty()) {
          return false;
        }
        writing = self;
      } else {
        reading.add(self);
      }
      return true;
    }
  }

  /// Takes the side, or queues the waiter.
  private boolean grabOrQueue(MachineTask self, Waiter waiter) {
    synchronized (waiters) {
      if (isHeldBy(self, waiter.writer)) {
        return true; // handed over
      }
      if (!waiter.linked && grab(self, waiter.writer, false)) {
        return true;
      }
      waiters.add(waiter);
      return false;
    }
  }

  private boolean isHeldBy(MachineTask self, boolean write) {
    return write ? writing == self : reading.contains(self);
  }

  /// Hands the semaphore to those who are first in the queue.
  private void grant() {
    while (true) {
      MachineTask next;
      synchronized (waiters) {
        Waiter first = waiters.first();
        if (first == null || !grab(first.task, first.writer, true)) {
          return;
        }
        waiters.remove(first);
        next = first.task;
        next.waitsFor = null;
      }
      machine.scheduler.ready(next);
    }
  }

  private void release(MachineTask holder, boolean write) {
    synchronized (waiters) {
      if (write) {
        writing = null;
      } else {
        reading.remove(holder);
      }
    }
    grant();
  }

  private int contend(MachineTask self, Side side, boolean signals, long deadlineNanos) {
    Waiter waiter = self.waiter();
    waiter.writer = side.write;
    boolean held = false;
    try {
      if (!signals && deadlineNanos == WaitQueue.FOREVER) {
        machine.waitGraph.waits(self, this);
      }
      machine.lockOrder.taking(self, side); // after the graph: a deadlock says more
      while (true) {
        if (grabOrQueue(self, waiter)) {
          held = true;
          return MachineTask.READY;
        }
        Task.State how = signals ? Task.State.S : Task.State.D;
        int outcome = self.block(how, order.name(), signals, deadlineNanos);
        if (outcome != MachineTask.READY) {
          held = leave(self, waiter);
          if (outcome == MachineTask.GONE) {
            throw self.gone();
          }
          return held ? MachineTask.READY : outcome;
        }
      }
    } finally {
      self.waitsFor = null;
      if (!held) {
        leave(self, waiter);
        grant();
      }
      self.release(waiter);
    }
  }

  /// Leaves the queue; a side that was handed over meanwhile is kept only by one that lives.
  private boolean leave(MachineTask self, Waiter waiter) {
    boolean handed;
    synchronized (waiters) {
      waiters.remove(waiter);
      handed = isHeldBy(self, waiter.writer);
    }
    if (handed && self.mustDie()) {
      release(self, waiter.writer);
      return false;
    }
    return handed;
  }

  /// One side, as a lock.
  private final class Side extends Lockable implements Lock {
    private final boolean write;

    Side(MachineCpu cpu, LockClass order, boolean write) {
      super(cpu, order);
      this.write = write;
    }

    @Override
    boolean isSpinning() {
      return false;
    }

    @Override
    void forceUnlock(MachineTask holder) {
      if (holder.locks.remove(this)) {
        release(holder, write);
      }
    }

    private int acquire(boolean signals, long deadlineNanos) {
      MachineTask self = machine.current();
      machine.scheduler.point(Scheduler.Point.LOCK, this);
      self.mightSleep(this);
      if (grab(self, write, false)) {
        self.locks.add(this);
        machine.lockOrder.taking(self, this);
        return MachineTask.READY;
      }
      int outcome = contend(self, this, signals, deadlineNanos);
      if (outcome == MachineTask.READY) {
        self.locks.add(this);
      }
      return outcome;
    }

    @Override
    @KernelSymbol(value = "rwsem_down", sched = true)
    public void lock() {
      acquire(false, WaitQueue.FOREVER);
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
      if (acquire(true, WaitQueue.FOREVER) != MachineTask.READY) {
        throw new InterruptedException(machine.current() + " has a signal");
      }
    }

    @Override
    public boolean tryLock() {
      MachineTask self = machine.current();
      machine.scheduler.point(Scheduler.Point.LOCK, this);
      if (!grab(self, write, false)) {
        return false;
      }
      self.locks.add(this);
      return true;
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) {
      return acquire(false, machine.deadline(unit.toNanos(time))) == MachineTask.READY;
    }

    @Override
    public void unlock() {
      MachineTask self = machine.current();
      if (!self.locks.remove(this)) {
        if (self.dying) {
          return;
        }
        throw new Bug(self + " unlocks " + order + ", which it does not hold");
      }
      release(self, write);
      machine.scheduler.point(Scheduler.Point.UNLOCK, this);
    }

    @Override
    public Condition newCondition() {
      throw new UnsupportedOperationException("use WaitQueue.sleep");
    }
  }
}
