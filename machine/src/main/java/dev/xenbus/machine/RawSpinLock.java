package dev.xenbus.machine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/// A lock below the scheduler, for the hypervisor's own state: taking it is no scheduling point,
/// and the death of the holder's Cpu does not unwind the holder before it let go. So what is done
/// under it is never seen half done, also when a guest is killed in the middle of a hypercall.
///
/// Held for moments: no primitive of the machine may be used while it is held. A simulated machine
/// never sees it contended; a live one spins. Not reentrant.
public final class RawSpinLock implements Lock {
  private static final int SPINS_MAX = 128;

  /// About ten seconds of yielding: somebody handed over while holding it.
  private static final int YIELDS_MAX = 1 << 24;

  private final AtomicBoolean held = new AtomicBoolean();

  /// Makes a lock that is free.
  public RawSpinLock() {}

  @Override
  public void lock() {
    if (!held.compareAndSet(false, true)) {
      spin();
    }
  }

  private void spin() {
    for (int tries = 0; tries < YIELDS_MAX; tries++) {
      if (!held.get() && held.compareAndSet(false, true)) {
        return;
      }
      if (tries < SPINS_MAX) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    throw new Bug("a raw spin lock was held across a scheduling point");
  }

  @Override
  public boolean tryLock() {
    return held.compareAndSet(false, true);
  }

  @Override
  public void unlock() {
    held.setRelease(false);
  }

  /// Waits until whoever holds it now has let go (`spin_barrier`): then everybody who takes it
  /// later sees what the caller did before.
  @SuppressWarnings("LockNotBeforeTry") // nothing in between can throw
  public void barrier() {
    lock();
    unlock();
  }

  /// Not supported.
  @Override
  public boolean tryLock(long time, TimeUnit unit) {
    throw new UnsupportedOperationException("a raw spin lock has no time-out");
  }

  /// Not supported.
  @Override
  public void lockInterruptibly() {
    throw new UnsupportedOperationException("a raw spin lock is not interruptible");
  }

  /// Not supported.
  @Override
  public Condition newCondition() {
    throw new UnsupportedOperationException("a raw spin lock has no conditions");
  }
}
