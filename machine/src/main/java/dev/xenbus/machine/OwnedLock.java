package dev.xenbus.machine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/// A lock with one owner: what a mutex and a spin lock have in common.
///
/// Taken by one compare-and-set. Waiters queue in order of arrival but may be overtaken; one that
/// was woken in vain is handed the lock next time, as in the kernel's mutex.
abstract class OwnedLock extends Lockable implements Lock, Owned {
  private static final VarHandle OWNER;

  static {
    try {
      OWNER = MethodHandles.lookup().findVarHandle(OwnedLock.class, "owner", MachineTask.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final MachineCore machine;
  private final boolean spinning;
  private volatile @Nullable MachineTask owner;
  private final Waiters waiters = new Waiters();

  OwnedLock(MachineCpu cpu, LockClass order, boolean spinning) {
    super(cpu, order);
    this.machine = cpu.machine;
    this.spinning = spinning;
  }

  @Override
  final boolean isSpinning() {
    return spinning;
  }

  final @Nullable MachineTask ownerNow() {
    return owner;
  }

  final MachineTask self() {
    return machine.current();
  }

  /// Takes the lock.
  ///
  /// @return an outcome; the lock is held after `READY` alone
  final int acquire(MachineTask self, boolean signals, long deadlineNanos) {
    machine.scheduler.point(Scheduler.Point.LOCK, this);
    if (!spinning) {
      self.mightSleep(this);
    }
    if (OWNER.compareAndSet(this, null, self)) {
      self.locks.add(this);
      machine.lockOrder.taking(self, this);
      return MachineTask.READY;
    }
    int outcome = contend(self, signals, deadlineNanos);
    if (outcome == MachineTask.READY) {
      self.locks.add(this);
    }
    return outcome;
  }

  private int contend(MachineTask self, boolean signals, long deadlineNanos) {
    Task.State how = spinning ? Task.State.R : signals ? Task.State.S : Task.State.D;
    String wchan = spinning ? "0" : order.name();
    boolean forever = !signals && deadlineNanos == WaitQueue.FOREVER;
    Bug.unless(forever || owner != self, "a task takes twice: " + order);
    Waiter waiter = self.waiter();
    try {
      if (forever) {
        machine.waitGraph.waits(self, this);
      }
      machine.lockOrder.taking(self, this); // after the graph: a deadlock says more
      while (true) {
        waiters.add(waiter);
        // Taken or queued: an unlock that saw no waiter was before the queueing, so that this
        // attempt sees the lock free.
        if (OWNER.compareAndSet(this, null, self)) {
          return MachineTask.READY;
        }
        int outcome = self.block(how, wchan, signals, deadlineNanos);
        if (owner == self) {
          if (outcome == MachineTask.GONE) {
            release();
            throw self.gone();
          }
          return MachineTask.READY; // handed over
        }
        if (outcome == MachineTask.GONE) {
          throw self.gone();
        }
        if (outcome != MachineTask.READY) {
          return withdraw(self, waiter) ? MachineTask.READY : outcome;
        }
        waiter.handOff = true;
      }
    } finally {
      self.waitsFor = null;
      leave(waiter);
      self.release(waiter);
    }
  }

  /// Leaves the queue after a time-out or a signal.
  ///
  /// @return whether the lock was handed over before
  private boolean withdraw(MachineTask self, Waiter waiter) {
    synchronized (waiters) {
      waiters.remove(waiter);
      return owner == self;
    }
  }

  /// Leaves the queue; if that task was woken for this lock and did not take it, the next one is.
  private void leave(Waiter waiter) {
    waiters.remove(waiter);
    if (owner == null && !waiters.isEmpty()) {
      wakeNext();
    }
  }

  final void releaseBy(MachineTask self) {
    if (!self.locks.remove(this)) {
      // A task that unwinds may have lost the lock in the middle of a sleep that gave it up.
      if (self.dying) {
        return;
      }
      throw new Bug(self + " unlocks " + order + ", which it does not hold");
    }
    release();
    machine.scheduler.point(Scheduler.Point.UNLOCK, this);
  }

  @Override
  final void forceUnlock(MachineTask holder) {
    if (holder.locks.remove(this)) {
      release();
    }
  }

  private void release() {
    owner = null;
    if (!waiters.isEmpty()) {
      wakeNext();
    }
  }

  private void wakeNext() {
    MachineTask next;
    synchronized (waiters) {
      Waiter first = waiters.first();
      if (first == null || owner != null) {
        return;
      }
      next = first.task;
      if (first.handOff && OWNER.compareAndSet(this, null, next)) {
        waiters.remove(first);
        next.waitsFor = null;
      }
    }
    machine.scheduler.ready(next);
  }

  final boolean tryAcquire(MachineTask self) {
    machine.scheduler.point(Scheduler.Point.LOCK, this);
    if (!OWNER.compareAndSet(this, null, self)) {
      return false;
    }
    self.locks.add(this);
    return true;
  }

  @Override
  public boolean tryLock() {
    return tryAcquire(self());
  }

  @Override
  public boolean tryLock(long time, TimeUnit unit) {
    return acquire(self(), false, machine.deadline(unit.toNanos(time))) == MachineTask.READY;
  }

  @Override
  public void lockInterruptibly() throws InterruptedException {
    MachineTask self = self();
    if (acquire(self, !spinning, WaitQueue.FOREVER) != MachineTask.READY) {
      throw new InterruptedException(self + " has a signal");
    }
  }

  @Override
  public Condition newCondition() {
    throw new UnsupportedOperationException("use WaitQueue.sleep");
  }

  @Override
  public final void owners(List<MachineTask> into) {
    MachineTask now = owner;
    if (now != null) {
      into.add(now);
    }
  }

  @Override
  public final String describe() {
    return order.toString();
  }
}
