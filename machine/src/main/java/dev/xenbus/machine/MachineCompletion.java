package dev.xenbus.machine;

/// A completion of either machine. Guarded by itself, for moments: how often it may still be
/// waited for.
final class MachineCompletion implements Completion {
  private static final int ALL = Integer.MAX_VALUE;

  private final MachineCore machine;
  private final String wchan;
  private int done;
  private final Waiters waiters = new Waiters();

  MachineCompletion(MachineCore machine, String wchan) {
    this.machine = machine;
    this.wchan = wchan;
  }

  @Override
  @KernelSymbol(value = "wait_for_completion", sched = true)
  public WaitQueue.Wake await(long timeoutNanos) {
    return await(Task.State.D, timeoutNanos);
  }

  @Override
  @KernelSymbol(value = "wait_for_completion_interruptible", sched = true)
  public WaitQueue.Wake awaitInterruptibly(long timeoutNanos) {
    return await(Task.State.S, timeoutNanos);
  }

  private WaitQueue.Wake await(Task.State how, long timeoutNanos) {
    MachineTask self = machine.current();
    machine.scheduler.point(Scheduler.Point.WAIT, wchan);
    self.mightSleep(wchan);
    if (consume()) {
      return WaitQueue.Wake.READY;
    }
    long deadline = machine.deadline(timeoutNanos);
    Waiter waiter = self.waiter();
    boolean passOn = true;
    try {
      while (true) {
        waiters.add(waiter);
        if (consume()) {
          passOn = false;
          return WaitQueue.Wake.READY;
        }
        int outcome = self.block(how, wchan, how == Task.State.S, deadline);
        if (outcome == MachineTask.GONE) {
          throw self.gone();
        }
        if (outcome != MachineTask.READY) {
          passOn = !consume();
          return passOn ? ofOutcome(outcome) : WaitQueue.Wake.READY;
        }
      }
    } finally {
      waiters.remove(waiter);
      boolean unused = passOn && waiter.woken;
      self.release(waiter);
      if (unused) {
        waiters.wakeOne(machine.scheduler);
      }
    }
  }

  private static WaitQueue.Wake ofOutcome(int outcome) {
    return outcome == MachineTask.SIGNALLED ? WaitQueue.Wake.SIGNAL : WaitQueue.Wake.TIMEOUT;
  }

  private synchronized boolean consume() {
    if (done == 0) {
      return false;
    }
    if (done != ALL) {
      done--;
    }
    return true;
  }

  @Override
  @KernelSymbol("complete")
  public void complete() {
    synchronized (this) {
      if (done != ALL) {
        done++;
      }
    }
    waiters.wakeOne(machine.scheduler);
    machine.scheduler.point(Scheduler.Point.WAKE, wchan);
  }

  @Override
  @KernelSymbol("complete_all")
  public void completeAll() {
    synchronized (this) {
      done = ALL;
    }
    waiters.wakeAll(machine.scheduler);
    machine.scheduler.point(Scheduler.Point.WAKE, wchan);
  }

  @Override
  public synchronized void reinit() {
    done = 0;
  }

  @Override
  public synchronized boolean isDone() {
    return done != 0;
  }
}
