package dev.xenbus.machine;

import java.util.LinkedHashSet;
import java.util.Set;

/// Watches for tasks that stay in state D, as `khungtaskd` does. Time that was skipped although
/// somebody could run does not count, since nobody had it.
///
/// One housekeeping timer, due when the oldest sleeper would be hung, and no later than one
/// time-out from now; the check runs in interrupt context of the machine's own Cpu. Guarded by
/// itself: what is held, the time-out.
final class HungTasks {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final MachineCore machine;
  private final MachineTimer timer;
  private final Set<Holding> holds = new LinkedHashSet<>();
  private long timeoutNanos;
  private long checkedAt;

  HungTasks(MachineCore machine, long timeoutNanos) {
    this.machine = machine;
    this.timer = new MachineTimer(machine.host, "khungtaskd", TimerKind.HOUSEKEEPING, this::check);
    timeout(timeoutNanos);
  }

  void timeout(long nanos) {
    synchronized (this) {
      timeoutNanos = nanos;
    }
    if (nanos > 0) {
      timer.arm(nanos);
    } else {
      timer.cancel();
    }
  }

  Hold hold(String what) {
    Holding hold = new Holding(what);
    synchronized (this) {
      holds.add(hold);
    }
    return hold;
  }

  private void check() {
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
    timer.arm(next - now);
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
