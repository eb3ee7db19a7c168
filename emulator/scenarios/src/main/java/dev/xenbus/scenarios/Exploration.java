package dev.xenbus.scenarios;

import dev.xenbus.emulator.Emulator;
import dev.xenbus.machine.Delay;
import dev.xenbus.machine.Fair;
import dev.xenbus.machine.Pct;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.Replay;
import dev.xenbus.machine.Schedule;
import dev.xenbus.machine.Shrinker;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Starve;
import dev.xenbus.machine.Strategy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Plays a scenario under many schedules, in parallel over the cores, and makes what it finds
/// small.
///
/// Threads: [#run] uses the common pool; the runs share nothing. [#stop] from any thread.
public final class Exploration {
  private static final long STEPS_MAX = 20_000_000L;

  /// A line of [SimulatedMachine#readable] whose pick is not the first possibility.
  private static final Pattern UNUSUAL = Pattern.compile(" [A-Z_]+ [1-9]\\d*/\\d+");

  /// What is explored, and how.
  ///
  /// @param firstSeed the first seed
  /// @param seeds how many, from the first one on, or [Options#ALL]
  /// @param strategy how schedules are chosen
  /// @param keepsGoing whether to go on after the first violation
  /// @param shrinkRunsMax how many replays a finding may take to be made small; 0 leaves it as it
  ///     is
  public record Options(
      long firstSeed, long seeds, Strategy strategy, boolean keepsGoing, int shrinkRunsMax) {
    /// As many seeds as there are schedules with one delay; for other strategies a single one.
    public static final long ALL = 0;

    /// How many replays a finding may take if nothing else is said.
    public static final int SHRINK_RUNS_MAX = 300;

    /// Returns the usual ones: no time-out comes that would not come in real time, and the first
    /// violation ends it.
    public static Options ofSeeds(long seeds) {
      return new Options(1, seeds, RandomWalk.patient(), false, SHRINK_RUNS_MAX);
    }
  }

  /// A finding that was made small.
  ///
  /// @param finding the smallest found, with the schedule of its own run, so that it can be
  ///     repeated exactly; the given one if nothing could go
  /// @param result how far it came
  /// @param starved the name of the tasks that must starve for it to happen, and that is all it
  ///     takes; empty if the schedule itself was made small
  public record Shrunk(Finding finding, Shrinker.Result result, Optional<String> starved) {}

  /// What came out.
  ///
  /// @param runs how many runs there were
  /// @param steps scheduling points of all of them
  /// @param findings violations, by seed
  public record Outcome(long runs, long steps, List<Finding> findings) {}

  private final ScenarioRun run;
  private final Options options;
  private final AtomicLong runs = new AtomicLong();
  private final AtomicLong steps = new AtomicLong();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final ConcurrentLinkedQueue<Finding> findings = new ConcurrentLinkedQueue<>();

  private volatile long seeds;
  private volatile Consumer<Exploration> progress = _ -> {};

  /// Makes an exploration.
  public Exploration(ScenarioRun run, Options options) {
    this.run = run;
    this.options = options;
    this.seeds = options.seeds();
  }

  /// Makes one of a scenario of the library.
  public static Exploration of(
      Emulator emulator,
      Scenario scenario,
      Dispatcher dispatcher,
      List<String> words,
      Options how) {
    return new Exploration(new ScenarioRun(emulator, scenario, dispatcher, words), how);
  }

  static SimulatedMachine.Options options(Strategy strategy) {
    long seed = strategy instanceof Replay replay ? replay.schedule().seed() : 0;
    return options(seed, strategy);
  }

  private static SimulatedMachine.Options options(long seed, Strategy strategy) {
    return SimulatedMachine.Options.seed(seed).with(strategy).stepLimit(STEPS_MAX);
  }

  /// Tells a listener after each run, from the thread that ran it.
  public Exploration telling(Consumer<Exploration> listener) {
    progress = listener;
    return this;
  }

  /// Returns how many runs there were so far.
  public long runs() {
    return runs.get();
  }

  /// Returns how many runs there are to be; [Options#ALL] as long as that is not known.
  public long seeds() {
    return seeds;
  }

  /// Returns how many violations there were so far.
  public int violations() {
    return findings.size();
  }

  /// Lets no further run begin.
  public void stop() {
    stopped.set(true);
  }

  /// Plays all seeds, or up to the first violation.
  public Outcome run() {
    Strategy strategy = measured(options.strategy());
    if (seeds == Options.ALL) {
      seeds = strategy instanceof Delay ? usualRun().schedule().size() : 1;
    }
    AtomicLong next = new AtomicLong(options.firstSeed());
    long end = options.firstSeed() + seeds;
    // One worker a core, and seeds in order, so that the first one found is about the smallest.
    IntStream.range(0, ForkJoinPool.getCommonPoolParallelism() + 1)
        .parallel()
        .forEach(_ -> playAll(strategy, next, end));
    List<Finding> bySeed = new ArrayList<>(findings);
    bySeed.sort(Comparator.comparingLong(finding -> finding.schedule().seed()));
    return new Outcome(runs.get(), steps.get(), bySeed);
  }

  /// Gives a strategy that wants to know it the length of a run: that of the run in which all take
  /// turns.
  private Strategy measured(Strategy strategy) {
    if (strategy instanceof Pct pct && pct.points() == 0) {
      return pct.points(usualRun().steps());
    }
    return strategy;
  }

  /// Plays the run in which all take turns.
  private SimulatedMachine usualRun() {
    SimulatedMachine machine = new SimulatedMachine(options(0, new Fair()));
    run.play(machine, text -> {});
    return machine;
  }

  private void playAll(Strategy strategy, AtomicLong next, long end) {
    for (long seed = next.getAndIncrement();
        seed < end && !stopped.get();
        seed = next.getAndIncrement()) {
      play(strategy, seed);
    }
  }

  private void play(Strategy strategy, long seed) {
    SimulatedMachine machine = new SimulatedMachine(options(seed, strategy));
    Optional<String> what = run.play(machine, text -> {});
    runs.incrementAndGet();
    steps.addAndGet(machine.steps());
    if (what.isPresent()) {
      findings.add(finding(what.get(), machine));
      if (!options.keepsGoing()) {
        stop();
      }
    }
    progress.accept(this);
  }

  private Finding finding(String what, SimulatedMachine machine) {
    return new Finding(
        run.scenario().name(),
        run.dispatcher(),
        run.words(),
        what,
        machine.steps(),
        machine.trace().hash(),
        machine.schedule());
  }

  /// Makes a finding small: the same violation with the usual choices alone; or with these while
  /// the tasks of one name starve; or with as few unusual choices as can be found.
  ///
  /// @param progress told after each replay how far it has come
  public Shrunk shrink(Finding finding, Consumer<Shrinker.Progress> progress) {
    int replaysMax = options.shrinkRunsMax();
    Shrinker.Result usual = shrink(finding, finding.schedule(), Math.min(1, replaysMax), progress);
    if (usual.schedule().unusual() == 0 || replaysMax <= 1) {
      return shrunk(finding, usual);
    }
    int replays = 1;
    for (String comm : lastStartedFirst(finding)) {
      if (replays == replaysMax) {
        return shrunk(finding, usual);
      }
      replays++;
      Optional<Finding> starved = again(finding, new Starve(comm));
      Shrinker.Progress now =
          new Shrinker.Progress(replays, finding.schedule().unusual(), starved.isPresent() ? 0 : 1);
      progress.accept(now);
      if (starved.isPresent()) {
        return new Shrunk(
            starved.get(), new Shrinker.Result(starved.get().schedule(), now), Optional.of(comm));
      }
    }
    int before = replays;
    Shrinker.Result blocks =
        shrink(
            finding,
            usual.schedule(),
            replaysMax - before,
            now -> progress.accept(later(now, before)));
    return shrunk(
        finding, new Shrinker.Result(blocks.schedule(), later(blocks.progress(), before)));
  }

  private static Shrinker.Progress later(Shrinker.Progress now, int replaysBefore) {
    return new Shrinker.Progress(now.replays() + replaysBefore, now.unusual(), now.block());
  }

  private Shrinker.Result shrink(
      Finding finding, Schedule from, int replaysMax, Consumer<Shrinker.Progress> progress) {
    return Shrinker.shrink(
        from,
        schedule -> again(finding, new Replay(schedule, false)).map(Finding::schedule),
        replaysMax,
        progress);
  }

  private Shrunk shrunk(Finding finding, Shrinker.Result result) {
    Finding small = again(finding, Replay.of(result.schedule())).orElse(finding);
    return new Shrunk(small, result, Optional.empty());
  }

  /// Returns the names of the tasks of a finding's run: one that was started late is more often to
  /// blame than those of the boot.
  private List<String> lastStartedFirst(Finding finding) {
    SimulatedMachine machine = new SimulatedMachine(options(Replay.of(finding.schedule())));
    run.play(machine, text -> {});
    return machine.comms().reversed();
  }

  /// Plays a finding by another schedule.
  ///
  /// @return the finding that this run is, if it violates the same
  private Optional<Finding> again(Finding finding, Strategy strategy) {
    SimulatedMachine machine = new SimulatedMachine(options(finding.schedule().seed(), strategy));
    return run.play(machine, text -> {})
        .filter(finding.what()::equals)
        .map(what -> finding(what, machine));
  }

  /// Plays a finding once more, exactly, and tells what happened: what the console showed; which
  /// task starves, or which choices were not the usual one; and the last switches. A choice has who
  /// ran, where, and who went on.
  ///
  /// @param choicesMax how many choices of each kind
  public List<String> explain(Finding finding, int choicesMax) {
    SimulatedMachine machine =
        new SimulatedMachine(options(Replay.of(finding.schedule())).explained());
    StringBuilder console = new StringBuilder();
    run.play(machine, console::append);
    List<String> told = new ArrayList<>();
    told.add("what was typed, and what it said:");
    console.toString().lines().forEach(line -> told.add("  " + line));
    List<String> choices = machine.readable();
    if (Strategy.parse(finding.schedule().strategy()) instanceof Starve(String comm)) {
      told.add(comm + " runs only while nobody else can");
    } else if (finding.schedule().unusual() > 0) {
      List<String> unusual = choices.stream().filter(UNUSUAL.asPredicate()).toList();
      tellLast(told, "choices that are not the usual one", unusual, "", choicesMax);
    }
    tellLast(told, "switches", choices, " -> ", choicesMax);
    return told;
  }

  private static void tellLast(
      List<String> told, String what, List<String> choices, String mark, int choicesMax) {
    List<String> chosen = choices.stream().filter(line -> line.contains(mark)).toList();
    List<String> last = chosen.subList(Math.max(0, chosen.size() - choicesMax), chosen.size());
    told.add("the last " + last.size() + " of " + chosen.size() + " " + what + ":");
    last.forEach(line -> told.add("  " + line));
  }
}
