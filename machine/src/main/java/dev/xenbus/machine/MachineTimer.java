package dev.xenbus.machine;

/// A timer of either machine.
///
/// Guarded by its `due`, for moments: whether it is armed. The entry's place in the heap is the
/// scheduler's.
final class MachineTimer extends Delivery implements Timer {
  private final Due due;
  private boolean armed;

  MachineTimer(MachineCpu cpu, String name, TimerKind kind, Runnable softirq) {
    super(cpu, name, softirq);
    this.due =
        new Due(cpu, kind) {
          @Override
          void fire() {
            expire();
          }
        };
  }

  private void expire() {
    synchronized (due) {
      // Cancelled, or armed anew, between leaving the heap and this moment.
      if (!armed || due.index >= 0) {
        return;
      }
      armed = false;
      enqueue();
    }
  }

  @Override
  boolean begin() {
    return true;
  }

  @Override
  public void arm(long delayNanos) {
    MachineCore machine = cpu.machine;
    long at = machine.deadline(delayNanos);
    synchronized (due) {
      machine.scheduler.disarm(due);
      dequeue();
      armed = !cpu.isGone();
      if (armed) {
        due.at = at;
        machine.scheduler.arm(due);
      }
    }
    machine.scheduler.point(Scheduler.Point.TIMER, this);
  }

  @Override
  public boolean isPending() {
    synchronized (due) {
      return armed || isQueued();
    }
  }

  @Override
  @KernelSymbol("timer_delete_sync")
  public boolean cancel() {
    MachineCore machine = cpu.machine;
    machine.scheduler.point(Scheduler.Point.TIMER, this);
    boolean was;
    synchronized (due) {
      boolean queued = dequeue();
      was = armed || queued;
      armed = false;
      machine.scheduler.disarm(due);
    }
    awaitDone(Task.State.R, "0");
    return was;
  }
}
