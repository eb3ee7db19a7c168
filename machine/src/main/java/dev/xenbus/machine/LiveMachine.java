package dev.xenbus.machine;

import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A machine in real time: each task is a virtual thread of its name.
///
/// Threads from outside (a socket's selector, a terminal) may use every primitive of it: they wake,
/// complete, raise and queue, and may even take its locks and wait.
public final class LiveMachine extends MachineCore implements AutoCloseable {
  /// How long a shutdown waits for tasks that do not come back to any primitive.
  private static final long SHUTDOWN_NANOS = 10_000_000_000L;

  private static final System.Logger LOG = System.getLogger(LiveMachine.class.getName());

  private final Options options;
  private final LiveScheduler live;
  private final Trace trace;
  private final LiveReports reports = new LiveReports();
  private final Clock clock = new LiveClock();
  private final Choices choices = new LiveChoices();
  private volatile @Nullable MachineTask runner;
  private volatile @Nullable MachineFailure failure;

  /// How a live machine behaves.
  ///
  /// @param hungTaskTimeoutNanos after how long in state D a task is hung; 0 turns the watch off
  /// @param endsOnProblem whether [Machine#run] fails on a deadlock or a wrong lock order; else it
  ///     is only reported, and the run goes on
  /// @param traceEntries how many trace points are kept
  public record Options(long hungTaskTimeoutNanos, boolean endsOnProblem, int traceEntries) {
    /// Returns the usual ones: 120 s, problems are reported only.
    public static Options usual() {
      return new Options(120_000_000_000L, false, 1024);
    }

    /// Returns these with problems ending the run.
    public Options endingOnProblem() {
      return new Options(hungTaskTimeoutNanos, true, traceEntries);
    }

    /// Returns these with another hung-task time-out.
    public Options hungTaskTimeout(long nanos) {
      return new Options(nanos, endsOnProblem, traceEntries);
    }
  }

  /// Makes a machine with the usual options.
  public LiveMachine() {
    this(Options.usual());
  }

  /// Makes a machine.
  public LiveMachine(Options options) {
    this(options, new LiveScheduler());
  }

  private LiveMachine(Options options, LiveScheduler scheduler) {
    super(scheduler, 0, true);
    this.options = options;
    this.live = scheduler;
    this.trace = new TraceRing(this, options.traceEntries());
    scheduler.attach(this);
    hungTasks.timeout(options.hungTaskTimeoutNanos());
  }

  @Override
  public boolean isSimulated() {
    return false;
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public Choices choices() {
    return choices;
  }

  @Override
  public Trace trace() {
    return trace;
  }

  @Override
  public void invariant(String name, BooleanSupplier holds) {}

  // --- running --------------------------------------------------------------------------------

  @Override
  public <T> T run(Callable<T> main) throws MachineFailure {
    Submission<T> submission = submit(host, "main", main);
    try {
      awaitEndOrFailure(submission.process());
      MachineFailure failed = failure;
      if (failed != null) {
        throw failed;
      }
      return submission.await();
    } catch (ExecutionException e) {
      throw new MachineFailure(
          MachineFailure.Kind.MAIN,
          "the main task threw " + e.getCause(),
          Objects.requireNonNull(e.getCause()));
    } finally {
      close();
    }
  }

  private void awaitEndOrFailure(MachineTask main) {
    MachineTask self = current();
    runner = self;
    self.waitUntil(
        main.exitWaiters(), Task.State.S, "run", () -> main.isEnded() || failure != null, main);
  }

  /// Starts `work` as a process, from inside or outside of the machine; a signal to its task ends
  /// it.
  ///
  /// @param comm the name that `ps` shows
  public <T> Submission<T> submit(Cpu cpu, String comm, Callable<T> work) {
    Submission<T> submission = new Submission<>((MachineCpu) cpu, comm, work);
    submission.process().kick();
    return submission;
  }

  /// Starts `work` as a process of the machine's own, such as a console command.
  public <T> Submission<T> submit(String comm, Callable<T> work) {
    return submit(host, comm, work);
  }

  /// Ends every task: each unwinds at its next primitive. Waits for them, 10 s at most, and reports
  /// those that are stuck. May be called twice.
  @Override
  public void close() {
    close(SHUTDOWN_NANOS);
  }

  void close(long waitNanos) {
    down = true;
    Set<MachineCpu> cpus = new LinkedHashSet<>();
    cpus.add(host);
    List<MachineTask> last = everything();
    for (MachineTask task : last) {
      cpus.add(task.cpu);
    }
    for (MachineCpu cpu : cpus) {
      cpu.killNow();
    }
    long deadline = live.nanos() + waitNanos;
    MachineTask self = current();
    for (MachineTask task : last) {
      if (task != self && task.isStarted() && !self.joinBefore(task, deadline)) {
        report(
            MachineFailure.Kind.STUCK,
            "shutdown gives up on " + Reports.line(task) + "\n" + Reports.stack(task));
      }
    }
    live.stop();
    reports.await();
  }

  // --- what goes wrong ------------------------------------------------------------------------

  /// Listeners hear of problems on a thread of their own: the task that found one may hold any
  /// lock, those that a listener wants to take among them.
  @Override
  void report(MachineFailure.Kind kind, String report) {
    if (options.endsOnProblem() && kind != MachineFailure.Kind.HUNG_TASK) {
      failure = new MachineFailure(kind, report);
      MachineTask waiting = runner;
      if (waiting != null) {
        scheduler.ready(waiting);
      }
    }
    if (listeners.isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, report);
    } else {
      reports.tell(() -> listeners.forEach(listener -> listener.problem(kind, report)));
    }
  }

  @Override
  void fail(MachineFailure.Kind kind, String report) {
    report(kind, report);
  }

  @Override
  void oops(MachineTask task, Throwable fault) {
    if (listeners.isEmpty()) {
      LOG.log(System.Logger.Level.ERROR, "task " + task + " died", fault);
    } else if (task.locks.count() == 0) {
      listeners.forEach(listener -> listener.oops(task, fault));
    } else {
      reports.tell(() -> listeners.forEach(listener -> listener.oops(task, fault)));
    }
  }

  private final class LiveClock implements Clock {
    @Override
    public long nanos() {
      return live.nanos();
    }

    @Override
    public Instant wallTime() {
      return Instant.now();
    }
  }

  /// Nothing is chosen but random numbers.
  private static final class LiveChoices implements Choices {
    @Override
    public int pick(Kind kind, int options, Object on) {
      return kind == Kind.RANDOM && options > 1 ? ThreadLocalRandom.current().nextInt(options) : 0;
    }

    @Override
    public RandomGenerator random(String purpose) {
      return () -> ThreadLocalRandom.current().nextLong();
    }
  }
}
