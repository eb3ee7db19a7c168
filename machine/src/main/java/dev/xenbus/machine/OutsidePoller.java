package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// A poller of a live machine whose task waits outside of it: one flag and at most one sleeper.
final class OutsidePoller implements Poller {
  private final MachineCore machine;
  private final String wchan;
  private final OutsideWait outside;
  private volatile boolean roused;
  private volatile @Nullable MachineTask sleeper;

  OutsidePoller(MachineCore machine, String wchan, OutsideWait outside) {
    this.machine = machine;
    this.wchan = wchan;
    this.outside = outside;
  }

  @Override
  public void rouse() {
    if (!roused) {
      // As in a MachinePoller: the flag is out before the sleeper is read, and the other way round.
      roused = true;
      MachineTask task = sleeper;
      if (task != null) {
        machine.scheduler.ready(task);
      }
    }
    machine.scheduler.point(Scheduler.Point.WAKE, wchan);
  }

  @Override
  @KernelSymbol(value = "do_epoll_wait", sched = true)
  public void await(long deadlineNanos) {
    MachineTask self = machine.current();
    machine.scheduler.point(Scheduler.Point.WAIT, wchan);
    self.mightSleep(wchan);
    sleeper = self;
    try {
      if (!roused && self.blockOutside(wchan, outside, deadlineNanos) == MachineTask.GONE) {
        throw self.gone();
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
