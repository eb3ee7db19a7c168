package dev.xenbus.machine;

import java.util.Optional;

/// A mutex of either machine.
final class MachineMutex extends OwnedLock implements Mutex {
  MachineMutex(MachineCpu cpu, LockClass order) {
    super(cpu, order, false);
  }

  @Override
  @KernelSymbol(value = "mutex_lock", sched = true)
  public void lock() {
    acquire(self(), false, WaitQueue.FOREVER);
  }

  @Override
  public void unlock() {
    releaseBy(self());
  }

  @Override
  public Optional<Task> owner() {
    return Optional.ofNullable(ownerNow());
  }
}
