package dev.xenbus.machine;

import java.util.LinkedHashSet;
import java.util.Set;

/// Watches for tasks that stay in state D, as `khungtaskd` does. Time that was skipped although
/// somebody could run does not count, since nobody had it.
///
/// One housekeeping entry, due when the oldest sleeper would be hung, and no later than one
/// time-out from now. Guarded by itself: what is held, the time-out, whether it is armed.
final class HungTasks extends Due {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final MachineCore machine;
  private final Set<Holding> holds = new LinkedHashSet<>();
  private long timeoutNanos;
  private long checkedAt;

  HungTasks(MachineCore machine, long timeoutNanos) {
    super(null, TimerKind.HOUSEKEEPING);
    this.machine = machine;
    this.timeoutNanos = timeoutNanos;
    start();
  }

  private synchronized void start() {
    if (timeoutNanos > 0) {
      at = machine.scheduler.nanos() + timeoutNanos;
      machine.scheduler.arm(this);
    }
  }

  void timeout(long nanos) {
    synchronized (this) {
      machine.scheduler.disarm(this);
      timeoutNanos = nanos;
    }
    start();
  }

  /// Ends the watch.
  void stop() {
    machine.scheduler.disarm(this);
  }

  Hold hold(String what) {
    Holding hold = new Holding(what);
    synchronized (this) {
      holds.add(hold);
    }
    return hold;
  }

  @Override
  void fire() {
    long now = machine.scheduler.nanos() - machine.scheduler.skippedNanos();
    long timeout;
    long last;
    boolean expected;
    synchronized (this) {
      timeout = timeoutNanos;
      last = checkedAt;
      checkedAt = now;
      expected = !holds.isEmpty();
    }
    if (timeout <= 0) {
      return;
    }
    long next = now + timeout;
    for (Task each : machine.tasks()) {
      MachineTask task = (MachineTask) each;
      if (task.state() != Task.State.D || !task.isStarted() || task.cpu.isPaused()) {
        continue;
      }
      long since = task.patientSince();
      long times = (now - since) / timeout;
      if (times > 0 && (last - since) / timeout < times) {
        report(task, times * timeout, expected);
      }
      next = Math.min(next, since + (times + 1) * timeout);
    }
    synchronized (this) {
      if (timeoutNanos > 0) {
        at = machine.scheduler.nanos() + next - now;
        machine.scheduler.arm(this);
      }
    }
  }

  private void report(MachineTask task, long nanos, boolean expected) {
    long seconds = nanos / NANOS_PER_SECOND;
    for (MachineListener listener : machine.listeners) {
      listener.hungTask(task, seconds);
    }
    if (!expected) {
      machine.report(
          MachineFailure.Kind.HUNG_TASK,
          "hung task: "
              + Reports.line(task)
              + ", blocked for more than "
              + seconds
              + " seconds while nothing is held on purpose\n"
              + Reports.stack(task));
    }
  }

  /// One thing that is held.
  private final class Holding implements Hold {
    private final String what;

    Holding(String what) {
      this.what = what;
    }

    @Override
    public String what() {
      return what;
    }

    @Override
    public void close() {
      synchronized (HungTasks.this) {
        holds.remove(this);
      }
    }
  }
}
