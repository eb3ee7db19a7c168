package dev.xenbus.machine;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A machine in virtual time that runs one task at a time: the same seed gives the same run, byte
/// for byte. Many of them may run in one JVM at once; they share nothing.
///
/// Only its own tasks may use it while [#run] goes on; before and after that the caller of `run`
/// may make and look at things.
public final class SimulatedMachine extends MachineCore {
  private static final Instant BOOT = Instant.parse("2026-01-01T00:00:00Z");

  private final Options options;
  private final SimulatedScheduler simulated;
  private final TraceRing trace;
  private final Clock clock = new VirtualClock();
  private final Choices choices = new SimulatedChoices();
  private final List<Invariant> invariants = new ArrayList<>();

  /// How a simulated machine behaves.
  ///
  /// @param seed decides everything that the strategy leaves open
  /// @param strategy how choices are made
  /// @param stepLimit after how many scheduling points a run fails
  /// @param faults whether what may fail does at times: threads, and whatever else asks for `FAULT`
  /// @param spuriousWakes whether sleepers are woken for nothing at times
  /// @param hungTaskTimeoutNanos after how long in state D a task is hung; 0 turns the watch off
  /// @param lockStacks whether lock-order reports have both stacks, which costs time
  /// @param readable whether every choice is kept as a line of text
  /// @param traceEntries how many trace points are kept
  /// @param stuckNanos after how much real time without a step a run is given up
  public record Options(
      long seed,
      Strategy strategy,
      long stepLimit,
      boolean faults,
      boolean spuriousWakes,
      long hungTaskTimeoutNanos,
      boolean lockStacks,
      boolean readable,
      int traceEntries,
      long stuckNanos) {
    /// Returns the usual ones for a seed: random walk, a million steps, no faults.
    public static Options seed(long seed) {
      return new Options(
          seed,
          new RandomWalk(),
          1_000_000,
          false,
          false,
          120_000_000_000L,
          false,
          false,
          512,
          30_000_000_000L);
    }

    /// Returns the usual ones with the fair strategy: for tests that assert success.
    public static Options fair() {
      return seed(0).with(new Fair());
    }

    /// Returns what repeats a failed run, with readable choices and lock stacks.
    public static Options replay(Schedule schedule) {
      return seed(schedule.seed()).with(Replay.of(schedule)).explained();
    }

    /// Returns these with another strategy.
    public Options with(Strategy other) {
      return new Options(
          seed,
          other,
          stepLimit,
          faults,
          spuriousWakes,
          hungTaskTimeoutNanos,
          lockStacks,
          readable,
          traceEntries,
          stuckNanos);
    }

    /// Returns these with another step limit.
    public Options stepLimit(long steps) {
      return new Options(
          seed,
          strategy,
          steps,
          faults,
          spuriousWakes,
          hungTaskTimeoutNanos,
          lockStacks,
          readable,
          traceEntries,
          stuckNanos);
    }

    /// Returns these with injected faults and spurious wakes on or off.
    public Options chaos(boolean faultsToo, boolean spurious) {
      return new Options(
          seed,
          strategy,
          stepLimit,
          faultsToo,
          spurious,
          hungTaskTimeoutNanos,
          lockStacks,
          readable,
          traceEntries,
          stuckNanos);
    }

    /// Returns these with another hung-task time-out.
    public Options hungTaskTimeout(long nanos) {
      return new Options(
          seed,
          strategy,
          stepLimit,
          faults,
          spuriousWakes,
          nanos,
          lockStacks,
          readable,
          traceEntries,
          stuckNanos);
    }

    /// Returns these with readable choices and lock stacks.
    public Options explained() {
      return new Options(
          seed,
          strategy,
          stepLimit,
          faults,
          spuriousWakes,
          hungTaskTimeoutNanos,
          true,
          true,
          4096,
          stuckNanos);
    }

    /// Returns these with another bound on real time without a step.
    public Options stuckAfter(long nanos) {
      return new Options(
          seed,
          strategy,
          stepLimit,
          faults,
          spuriousWakes,
          hungTaskTimeoutNanos,
          lockStacks,
          readable,
          traceEntries,
          nanos);
    }
  }

  /// Makes a machine for one run with the usual options.
  public SimulatedMachine(long seed) {
    this(Options.seed(seed));
  }

  /// Makes a machine for one run.
  public SimulatedMachine(Options options) {
    this(options, new SimulatedScheduler(options));
  }

  private SimulatedMachine(Options options, SimulatedScheduler scheduler) {
    super(scheduler, options.hungTaskTimeoutNanos(), options.lockStacks());
    this.options = options;
    this.simulated = scheduler;
    this.trace = new TraceRing(this, options.traceEntries());
    scheduler.attach(this);
  }

  @Override
  public boolean isSimulated() {
    return true;
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

  TraceRing traceRing() {
    return trace;
  }

  // --- running --------------------------------------------------------------------------------

  @Override
  public <T> T run(Callable<T> main) throws MachineFailure {
    Bug.unless(simulated.steps() == 0 && !down, "a simulated machine runs once");
    Submission<T> submission = new Submission<>(host, "main", main);
    simulated.run(submission.process());
    forget(submission.process());
    down = true;
    MachineFailure failed = simulated.failure();
    if (failed != null) {
      throw failed;
    }
    Throwable fault = submission.fault();
    if (fault != null) {
      throw simulated
          .decisions()
          .failure(MachineFailure.Kind.MAIN, "the main task threw " + fault, fault);
    }
    return submission.result();
  }

  /// Returns how many scheduling points the run had.
  public long steps() {
    return simulated.steps();
  }

  /// Returns the choices of the run so far.
  public Schedule schedule() {
    return simulated.decisions().schedule();
  }

  /// Returns the names of the tasks that were started so far, in the order in which the first of
  /// each name was.
  public List<String> comms() {
    return List.copyOf(simulated.comms());
  }

  /// Returns every choice as a line, oldest first, if the options asked for it.
  public List<String> readable() {
    return simulated.decisions().readable();
  }

  @Override
  public void invariant(String name, BooleanSupplier holds) {
    invariants.add(new Invariant(name, holds));
  }

  void checkInvariants() {
    for (int i = 0; i < invariants.size(); i++) {
      Invariant invariant = invariants.get(i);
      if (!invariant.holds().getAsBoolean()) {
        fail(MachineFailure.Kind.INVARIANT, "invariant does not hold: " + invariant.name());
      }
    }
  }

  /// Returns a line for each task.
  String taskTable() {
    StringBuilder text = new StringBuilder();
    for (Task task : tasks()) {
      text.append("  ").append(Reports.line(task)).append('\n');
    }
    for (Task task : tasks()) {
      if (task.state() == Task.State.D) {
        text.append(Reports.stack(task)).append('\n');
      }
    }
    return text.toString();
  }

  // --- what goes wrong ------------------------------------------------------------------------

  @Override
  void report(MachineFailure.Kind kind, String report) {
    tell(listener -> listener.problem(kind, report));
    simulated.note(kind, report);
  }

  @Override
  void fail(MachineFailure.Kind kind, String report) {
    simulated.note(kind, report);
    tell(listener -> listener.problem(kind, report));
    simulated.unwind();
  }

  @Override
  void oops(MachineTask task, Throwable fault) {
    if (simulated.isEnding()) {
      return;
    }
    simulated.note(MachineFailure.Kind.OOPS, "task " + task + " threw " + fault, fault);
    tell(listener -> listener.oops(task, fault));
  }

  /// Tells the listeners. Once a run ends, what they do beyond noting it is cut short, since every
  /// primitive unwinds then.
  private void tell(Consumer<MachineListener> message) {
    for (MachineListener listener : listeners) {
      try {
        message.accept(listener);
      } catch (CpuGone cutShort) {
        // the report itself is in the failure
      }
    }
  }

  /// A named check.
  ///
  /// @param name what holds
  /// @param holds whether it does
  private record Invariant(String name, BooleanSupplier holds) {}

  private final class VirtualClock implements Clock {
    @Override
    public long nanos() {
      return simulated.nanos();
    }

    @Override
    public Instant wallTime() {
      return BOOT.plusNanos(simulated.nanos());
    }
  }

  private final class SimulatedChoices implements Choices {
    private final Map<String, SplitMix> streams = new LinkedHashMap<>();

    @Override
    public int pick(Kind kind, int count, Object on) {
      if (count <= 1 || simulated.running() == null || simulated.isEnding()) {
        return 0;
      }
      return switch (kind) {
        case FAULT -> options.faults() ? simulated.decisions().pick(kind, count, on) : 0;
        case SPURIOUS_WAKE ->
            options.spuriousWakes() ? simulated.decisions().pick(kind, count, on) : 0;
        case RANDOM -> stream("pick").below(count);
        case SCHEDULE, TIMER_TIE, ADVANCE_TIME -> simulated.decisions().pick(kind, count, on);
      };
    }

    @Override
    public RandomGenerator random(String purpose) {
      return stream(purpose);
    }

    private SplitMix stream(String purpose) {
      return streams.computeIfAbsent(purpose, name -> SplitMix.of(options.seed(), name));
    }
  }

  /// Returns the options of this machine.
  public Options options() {
    return options;
  }

  /// Returns why the run failed, if it did.
  @Nullable MachineFailure failure() {
    return simulated.failure();
  }
}
