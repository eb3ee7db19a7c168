package dev.xenbus.launcher;

import dev.xenbus.emulator.Emulator;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.linux.api.Nearest;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Delay;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Shrinker;
import dev.xenbus.machine.Strategy;
import dev.xenbus.scenarios.Dispatcher;
import dev.xenbus.scenarios.Exploration;
import dev.xenbus.scenarios.Exploration.Outcome;
import dev.xenbus.scenarios.Finding;
import dev.xenbus.scenarios.Scenario;
import dev.xenbus.scenarios.ScenarioLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `xenemu explore`: scenarios under many schedules.
@Command(
    name = "explore",
    mixinStandardHelpOptions = true,
    header = "Play scenarios under many schedules and check what must hold.",
    description = {
      "Plays a scenario once for each seed, which decides the schedule of all threads, several at",
      "once, and checks the scenario's expectations and the contract of watch events. The first",
      "violation ends it: its seed, a schedule made small and what happened are printed. Without a",
      "scenario it lists them. Exit code 0 only if nothing was violated, by --replay neither; with",
      "--bugs only if each scenario that finds a fault did find it."
    })
final class ExploreCommand implements Callable<Integer> {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long PROGRESS_NANOS = 200_000_000L;
  private static final int SWITCHES_SHOWN = 30;
  private static final long SEEDS_USUAL = 100;
  private static final int BAR_COLUMNS = 30;

  /// The name that stands for every scenario.
  private static final String ALL = "all";

  @Parameters(
      arity = "0..1",
      paramLabel = "SCENARIO",
      description = "A scenario's name, or all; without it they are listed.")
  private @Nullable String name;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "How many seeds each; default 100, and all there are with --strategy delay.")
  private @Nullable Long seeds;

  @Option(names = "--seed", paramLabel = "SEED", description = "This seed alone.")
  private @Nullable Long seed;

  @Option(
      names = "--dispatcher",
      paramLabel = "DESIGN",
      description = "single, series or summit; default: series.")
  private Dispatcher dispatcher = Dispatcher.SERIES;

  @Option(
      names = "--strategy",
      paramLabel = "STRATEGY",
      description = {
        "How schedules are chosen: patient[:N] (the default: a random walk), pct[:DEPTH[:POINTS]]",
        "(priorities that change DEPTH - 1 times), fair (all take turns), starve:COMM (as fair, but",
        "tasks of that name run only while nobody else can), delay (as fair, but for the choice whose",
        "number is the seed); or with time-outs that may come early random[:N] and",
        "early-pct[:DEPTH[:POINTS]]: then scenarios need not succeed, but the invariants must hold.",
        "N: another thread goes on at one of N points. With --bugs: pct."
      })
  private @Nullable String strategy;

  @Option(
      names = "--parameters",
      paramLabel = "WORDS",
      description = "More words for the kernel command line, such as kernel.bugs=state-flood.")
  private String words = "";

  @Option(names = "--keep-going", description = "Go on after a violation; all seeds are played.")
  private boolean keepsGoing;

  @Option(
      names = "--shrink",
      paramLabel = "N",
      description = {
        "How many replays a finding may take to be made small; default 300. With more it gets",
        "smaller, until no single switch can go."
      })
  private int shrink = Exploration.Options.SHRINK_RUNS_MAX;

  @Option(
      names = "--save",
      paramLabel = "FOLDER",
      description = "Write each finding to a file there, for --replay and for tests.")
  private @Nullable Path save;

  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description = "Repeat a saved finding, choice by choice, and tell what happens.")
  private @Nullable Path replay;

  @Option(
      names = "--bugs",
      description = {
        "Put each known fault back, or SCENARIO's alone, and print how many seeds it takes to find",
        "it."
      })
  private boolean bugs;

  private final Emulator emulator = Emulator.load();
  private final Clock clock = new LiveMachine().clock();
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final AtomicLong nextProgress = new AtomicLong();

  /// Made by picocli.
  ExploreCommand() {}

  @Override
  public Integer call() throws IOException, UsageException {
    if (replay != null) {
      return repeat(replay);
    }
    if (bugs) {
      return findBugs(chosen(name == null ? ALL : name));
    }
    if (name == null) {
      for (Scenario scenario : ScenarioLibrary.all()) {
        System.out.printf(
            "%-26s %s%n%-26s %s%n",
            scenario.name(), scenario.title(), "", designs(scenario.dispatchers()));
      }
      return 0;
    }
    List<Scenario> scenarios = chosen(name);
    boolean clean = true;
    for (Scenario scenario : scenarios) {
      if (interrupted.get()) {
        break;
      }
      clean &= explore(scenario);
    }
    return interrupted.get() ? Main.INTERRUPTED : clean ? 0 : Main.FAILED;
  }

  private List<Scenario> chosen(String wanted) throws UsageException {
    if (wanted.equals(ALL)) {
      return ScenarioLibrary.all().stream()
          .filter(scenario -> scenario.dispatchers().contains(dispatcher))
          .toList();
    }
    Scenario scenario =
        ScenarioLibrary.named(wanted)
            .orElseThrow(() -> new UsageException("no scenario " + wanted + hint(wanted)));
    if (!scenario.dispatchers().contains(dispatcher)) {
      throw new UsageException(
          wanted + " is for --dispatcher " + designs(scenario.dispatchers()) + " only");
    }
    return List.of(scenario);
  }

  private static String hint(String wanted) {
    return Nearest.of(wanted, ScenarioLibrary.all().stream().map(Scenario::name).toList())
        .map(near -> "; did you mean " + near + "?")
        .orElse("; xenemu explore lists them");
  }

  private static String designs(List<Dispatcher> dispatchers) {
    return String.join(", ", dispatchers.stream().map(Dispatcher::label).toList());
  }

  private Exploration.Options options() throws UsageException {
    if (seeds != null && seeds < 1) {
      throw new UsageException("--seeds " + seeds + ": a number of seeds is wanted, 1 or more");
    }
    if (shrink < 0) {
      throw new UsageException("--shrink " + shrink + ": a number of replays is wanted, 0 or more");
    }
    try {
      Strategy how = Strategy.parse(strategy != null ? strategy : bugs ? "pct" : "patient");
      long count = how instanceof Delay ? Exploration.Options.ALL : SEEDS_USUAL;
      return new Exploration.Options(
          seed == null ? 1 : seed,
          seed != null ? 1 : seeds != null ? seeds : count,
          how,
          keepsGoing,
          shrink);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--strategy " + e.getMessage());
    }
  }

  /// Explores one scenario and returns whether nothing was violated.
  private boolean explore(Scenario scenario) throws IOException, UsageException {
    List<String> more = words.isBlank() ? List.of() : List.of(words.strip().split(" +"));
    Exploration exploration = exploration(scenario, more);
    long begun = clock.nanos();
    Outcome outcome = exploration.run();
    double seconds = (double) (clock.nanos() - begun) / NANOS_PER_SECOND;
    clearProgress();
    System.out.printf(
        Locale.ROOT,
        "%-26s %-7s %7d seeds %6.0f a second %9d steps a seed   %s%n",
        scenario.name(),
        dispatcher.label(),
        outcome.runs(),
        outcome.runs() / seconds,
        outcome.steps() / Math.max(1, outcome.runs()),
        outcome.findings().isEmpty() ? "clean" : outcome.findings().size() + " violated");
    // Several cores may each have found one before they stopped.
    for (Finding finding :
        outcome.findings().subList(0, keepsGoing ? outcome.findings().size() : toTell(outcome))) {
      tell(exploration, finding);
    }
    return outcome.findings().isEmpty();
  }

  /// Makes an exploration that Ctrl-C ends.
  private Exploration exploration(Scenario scenario, List<String> more) throws UsageException {
    Exploration exploration =
        Exploration.of(emulator, scenario, dispatcher, more, options())
            .telling(current -> progress(scenario, current));
    Signals.register(
        "INT",
        () -> {
          interrupted.set(true);
          exploration.stop();
        });
    return exploration;
  }

  private static int toTell(Outcome outcome) {
    return Math.min(1, outcome.findings().size());
  }

  private void tell(Exploration exploration, Finding finding) throws IOException {
    System.out.println();
    System.out.println("VIOLATED: " + finding.what());
    System.out.printf(
        "repeat: xenemu explore %s --dispatcher %s --strategy %s --seed %d%s%n",
        finding.scenario(),
        finding.dispatcher().label(),
        finding.schedule().strategy(),
        finding.schedule().seed(),
        finding.words().isEmpty() ? "" : " --parameters '" + words + "'");
    Exploration.Shrunk shrunk = exploration.shrink(finding, this::shrinkProgress);
    clearProgress();
    Finding small = shrunk.finding();
    System.out.println("made small: " + size(finding, shrunk));
    exploration.explain(small, SWITCHES_SHOWN).forEach(System.out::println);
    if (save != null) {
      Files.createDirectories(save);
      Path file = save.resolve(finding.scenario() + "-" + finding.schedule().seed() + ".schedule");
      Files.writeString(file, small.toString());
      System.out.println("saved: " + file);
    }
  }

  private static String size(Finding finding, Exploration.Shrunk shrunk) {
    Finding small = shrunk.finding();
    if (shrunk.starved().isPresent()) {
      return "it takes no more than that %s runs only while nobody else can, %d steps: --strategy %s --seed %d"
          .formatted(
              shrunk.starved().get(),
              small.steps(),
              small.schedule().strategy(),
              small.schedule().seed());
    }
    return "%d unusual choices where there were %d, %d steps; %s"
        .formatted(
            small.schedule().unusual(),
            finding.schedule().unusual(),
            small.steps(),
            howFar(shrunk.result()));
  }

  private static String howFar(Shrinker.Result result) {
    Shrinker.Progress end = result.progress();
    return result.isMinimal()
        ? "none of them can go, by " + end.replays() + " replays"
        : "more may go: stopped after %d replays, at blocks of %d (--shrink N)"
            .formatted(end.replays(), end.block());
  }

  private void shrinkProgress(Shrinker.Progress progress) {
    if (isTerminal() && isProgressDue()) {
      System.err.printf(
          "\rshrinking: %d/%d replays, %d unusual choices, blocks of %d      ",
          progress.replays(), shrink, progress.unusual(), progress.block());
      System.err.flush();
    }
  }

  private boolean isProgressDue() {
    long now = clock.nanos();
    long due = nextProgress.get();
    return now >= due && nextProgress.compareAndSet(due, now + PROGRESS_NANOS);
  }

  private int repeat(Path file) throws IOException, UsageException {
    Finding finding;
    try {
      finding = Finding.parse(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--replay " + file + ": " + e.getMessage());
    }
    Optional<String> seen = finding.replay(emulator);
    Exploration exploration =
        new Exploration(finding.run(emulator), Exploration.Options.ofSeeds(1));
    exploration.explain(finding, SWITCHES_SHOWN).forEach(System.out::println);
    boolean same = seen.filter(finding.what()::equals).isPresent();
    System.out.println(
        same
            ? "the same as before, choice by choice: " + finding.what()
            : "NOT the same as before: " + seen.orElse("nothing was violated"));
    return seen.isEmpty() ? 0 : Main.FAILED;
  }

  /// Explores scenarios that find a fault, each with the fault put back.
  private int findBugs(List<Scenario> scenarios) throws UsageException {
    List<Scenario> finding = scenarios.stream().filter(s -> s.finds().isPresent()).toList();
    if (finding.isEmpty()) {
      throw new UsageException("--bugs: " + (name == null ? ALL : name) + " finds no known fault");
    }
    System.out.printf(
        "%-22s %-24s %6s %8s %8s %8s %8s  %s%n",
        "fault", "scenario", "seeds", "steps", "switches", "left", "replays", "violated");
    boolean all = true;
    for (Scenario scenario : finding) {
      if (!interrupted.get()) {
        all &= findBug(scenario, scenario.finds().orElseThrow());
      }
    }
    return interrupted.get() ? Main.INTERRUPTED : all ? 0 : Main.FAILED;
  }

  private boolean findBug(Scenario scenario, KnownBug bug) throws UsageException {
    List<String> more =
        List.of(KnownBug.MODULE + "." + KnownBug.PARAMETER.name() + "=" + bug.label());
    Exploration exploration = exploration(scenario, more);
    Outcome outcome = exploration.run();
    clearProgress();
    if (outcome.findings().isEmpty()) {
      System.out.printf("%-22s %-24s %6s%n", bug.label(), scenario.name(), ">" + outcome.runs());
      return false;
    }
    Finding first = outcome.findings().getFirst();
    Exploration.Shrunk shrunk = exploration.shrink(first, this::shrinkProgress);
    clearProgress();
    Shrinker.Result result = shrunk.result();
    System.out.printf(
        "%-22s %-24s %6d %8d %8d %8s %8s  %s%n",
        bug.label(),
        scenario.name(),
        outcome.runs(),
        shrunk.finding().steps(),
        first.schedule().unusual(),
        shrunk.starved().isPresent() ? "starve" : shrunk.finding().schedule().unusual(),
        (result.isMinimal() ? "" : ">") + result.progress().replays(),
        first.what() + shrunk.starved().map(comm -> " (" + comm + ")").orElse(""));
    return true;
  }

  private void progress(Scenario scenario, Exploration exploration) {
    if (!isTerminal() || !isProgressDue()) {
      return;
    }
    long all = exploration.seeds();
    int filled = (int) (BAR_COLUMNS * exploration.runs() / Math.max(1, all));
    System.err.printf(
        "\r%-26s [%s%s] %d/%d%s ",
        scenario.name(),
        "#".repeat(filled),
        ".".repeat(BAR_COLUMNS - filled),
        exploration.runs(),
        all,
        exploration.violations() == 0 ? "" : ", " + exploration.violations() + " violated");
    System.err.flush();
  }

  private static void clearProgress() {
    if (isTerminal()) {
      System.err.print("\r" + " ".repeat(BAR_COLUMNS * 3) + "\r");
      System.err.flush();
    }
  }

  @SuppressWarnings("SystemConsoleNull") // its documentation still allows null
  private static boolean isTerminal() {
    java.io.Console console = System.console();
    return console != null && console.isTerminal();
  }
}
