package dev.xenbus.launcher;

import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.xenstore.conformance.Facts;
import dev.xenbus.xenstore.conformance.ScriptRunner;
import dev.xenbus.xenstore.conformance.ScriptRunner.Outcome;
import dev.xenbus.xenstore.conformance.ScriptRunner.Result;
import dev.xenbus.xenstore.conformance.SocketTarget;
import dev.xenbus.xenstore.conformance.StoreScript;
import dev.xenbus.xenstored.Xenstored;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `xenemu conformance`: facts about XenStore against any server.
@Command(
    name = "conformance",
    mixinStandardHelpOptions = true,
    header = "Check any XenStore server against the conformance facts.",
    description = {
      "Runs the conformance facts against a XenStore server, by default one of its own in this",
      "process, and prints a table. Exit code 0 only if every fact that concerns the server holds;",
      "facts that need what the server does not offer are counted as skipped. What the facts write",
      "is removed again."
    })
final class ConformanceCommand implements Callable<Integer> {
  private static final String UNIX = "unix:";
  private static final List<String> PROFILES = List.of("c", "c17", "ocaml");

  /// The dialects of our own server that have these profiles.
  private static final List<String> DIALECTS = List.of("c", "c-4.17", "ocaml");

  /// The domains that act in the facts.
  private static final List<Integer> GUESTS = List.of(5, 6, 7, 8);

  @Option(
      names = "--target",
      paramLabel = "unix:PATH",
      description = "The server's socket; without it a server in this process is tested.")
  private @Nullable String target;

  @Option(
      names = "--guest-socket",
      paramLabel = "DOMID=PATH",
      description = "A socket of the server that acts as that domain; the facts use 5 to 8.")
  private SequencedMap<Integer, Path> guests = new LinkedHashMap<>();

  @Option(
      names = "--profile",
      paramLabel = "PROFILE",
      description = {
        "What the server is like: c (default), c17 (C of Xen 4.17) or ocaml. A server in this",
        "process speaks that dialect."
      })
  private String profile = "c";

  @Option(names = "--all", description = "Print every fact, not only those that do not hold.")
  private boolean all;

  @Option(names = "--list", description = "List the facts and what each says, and run none.")
  private boolean list;

  @Parameters(
      paramLabel = "FACT",
      description = "A fact or a topic, such as watch or watch/same-watch-twice; all if none.")
  private List<String> chosen = new ArrayList<>();

  /// How many facts of a topic ended how.
  private final SequencedMap<String, EnumMap<Outcome, Integer>> topics = new LinkedHashMap<>();

  /// Made by picocli.
  ConformanceCommand() {}

  @Override
  public Integer call() throws IOException, UsageException, MachineFailure {
    List<StoreScript> facts = facts();
    if (list) {
      facts.forEach(fact -> System.out.println(fact.name() + "\n    " + fact.fact()));
      return 0;
    }
    if (!PROFILES.contains(profile)) {
      throw new UsageException("--profile " + profile + ": c, c17 or ocaml is wanted");
    }
    if (target == null) {
      inThisProcess(facts);
    } else if (target.startsWith(UNIX)) {
      run(facts, Path.of(target.substring(UNIX.length())), guests);
    } else {
      throw new UsageException("--target " + target + ": unix:PATH is wanted");
    }
    return table() ? 0 : Main.FAILED;
  }

  private List<StoreScript> facts() throws IOException, UsageException {
    List<StoreScript> facts = Facts.all();
    for (String name : chosen) {
      if (facts.stream().noneMatch(fact -> isNamed(fact, name))) {
        throw new UsageException("no fact or topic " + name + "; --list shows them");
      }
    }
    return facts.stream()
        .filter(fact -> chosen.isEmpty() || chosen.stream().anyMatch(name -> isNamed(fact, name)))
        .toList();
  }

  private static boolean isNamed(StoreScript fact, String name) {
    return fact.name().equals(name) || fact.name().startsWith(name + "/");
  }

  private void inThisProcess(List<StoreScript> facts) throws IOException, MachineFailure {
    Path folder = Files.createTempDirectory("xenemu-conformance");
    Path socket = folder.resolve("socket");
    SequencedMap<Integer, Path> own = new LinkedHashMap<>();
    GUESTS.forEach(domid -> own.put(domid, folder.resolve("domain-" + domid)));
    LiveMachine machine = new LiveMachine();
    try {
      machine.run(
          () -> {
            Xenstored.Options options =
                new Xenstored.Options(
                    Optional.empty(),
                    List.of(socket),
                    own,
                    Map.of(),
                    settings(),
                    Optional.empty(),
                    Optional.empty(),
                    line -> {});
            try (Xenstored _ = new Xenstored(machine.cpu("dom0"), options)) {
              run(facts, socket, own);
            }
            return 0;
          });
    } finally {
      Files.deleteIfExists(folder);
    }
  }

  private Xenstored.Settings settings() {
    Xenstored.Settings usual = Xenstored.Settings.USUAL;
    return new Xenstored.Settings(
        DIALECTS.get(PROFILES.indexOf(profile)),
        usual.quotas(),
        usual.softQuotas(),
        usual.watchEventSeconds(),
        usual.keepOrphans());
  }

  private void run(List<StoreScript> facts, Path socket, SequencedMap<Integer, Path> domains)
      throws IOException {
    try (SocketTarget server = new SocketTarget(socket, domains, profile)) {
      ScriptRunner runner = new ScriptRunner(server);
      for (StoreScript fact : facts) {
        Result result = runner.run(fact);
        count(result);
        print(result);
      }
    }
  }

  private void count(Result result) {
    String name = result.script().name();
    topics
        .computeIfAbsent(
            name.substring(0, Math.max(0, name.indexOf('/'))), _ -> new EnumMap<>(Outcome.class))
        .merge(result.outcome(), 1, Integer::sum);
  }

  private void print(Result result) {
    if (!all && result.outcome() != Outcome.BROKEN) {
      return;
    }
    String outcome = result.outcome().name().toLowerCase(Locale.ROOT);
    System.out.printf("%-8s %s%n", outcome, result.script().name());
    if (result.outcome() == Outcome.BROKEN) {
      System.out.println("         " + result.script().fact());
      result.script().differs().forEach(line -> System.out.println("         differs: " + line));
    }
    if (!result.detail().isEmpty()) {
      System.out.println("         " + result.detail());
    }
  }

  /// Prints the table and returns whether nothing is broken.
  private boolean table() {
    String row = "%-14s %6s %7s %8s%n";
    System.out.printf(row, "topic", "holds", "broken", "skipped");
    EnumMap<Outcome, Integer> sum = new EnumMap<>(Outcome.class);
    for (Map.Entry<String, EnumMap<Outcome, Integer>> topic : topics.entrySet()) {
      printRow(row, topic.getKey(), topic.getValue());
      topic.getValue().forEach((outcome, count) -> sum.merge(outcome, count, Integer::sum));
    }
    printRow(row, "all", sum);
    return !sum.containsKey(Outcome.BROKEN);
  }

  private static void printRow(String row, String name, EnumMap<Outcome, Integer> counts) {
    System.out.printf(
        row,
        name,
        counts.getOrDefault(Outcome.HOLDS, 0),
        counts.getOrDefault(Outcome.BROKEN, 0),
        counts.getOrDefault(Outcome.SKIPPED, 0));
  }
}
