package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// A poller of either machine: one flag and at most one sleeper.
final class MachinePoller implements Poller {
  private final MachineCore machine;
  private final String wchan;
  private volatile boolean roused;
  private volatile @Nullable MachineTask sleeper;

  MachinePoller(MachineCore machine, String wchan) {
    this.machine = machine;
    this.wchan = wchan;
  }

  @Override
  public void rouse() {
    if (!roused) {
      // The flag is out before the sleeper is read; the sleeper shows itself before it reads the
      // flag. Both are volatile, so one of the two sees the other.
      roused = true;
      MachineTask task = sleeper;
      if (task != null) {
        machine.scheduler.ready(task);
      }
    }
    machine.scheduler.point(Scheduler.Point.WAKE, wchan);
  }

  @Override
  @KernelSymbol(value = "schedule_hrtimeout_range", sched = true)
  public void await(long deadlineNanos) {
    MachineTask self = machine.current();
    machine.scheduler.point(Scheduler.Point.WAIT, wchan);
    self.mightSleep(wchan);
    sleeper = self;
    try {
      while (!roused) {
        int outcome = self.block(Task.State.S, wchan, true, deadlineNanos);
        if (outcome == MachineTask.GONE) {
          throw self.gone();
        }
        if (outcome != MachineTask.READY) {
          return;
        }
      }
    } finally {
      sleeper = null;
      // Cleared only if seen: one that comes later stays for the next await.
      if (roused) {
        roused = false;
      }
    }
  }
}
