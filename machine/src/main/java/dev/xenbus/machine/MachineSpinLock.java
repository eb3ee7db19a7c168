package dev.xenbus.machine;

/// A spin lock of either machine: a waiter is in state R.
final class MachineSpinLock extends OwnedLock implements SpinLock {
  MachineSpinLock(MachineCpu cpu, LockClass order) {
    super(cpu, order, true);
  }

  @Override
  @KernelSymbol(value = "_raw_spin_lock_irqsave", sched = true)
  public void lock() {
    acquire(self(), false, WaitQueue.FOREVER);
  }

  @Override
  public void unlock() {
    releaseBy(self());
  }
}
