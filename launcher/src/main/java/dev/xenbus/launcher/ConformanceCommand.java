package dev.xenbus.launcher;

import dev.xenbus.xenstore.conformance.Facts;
import dev.xenbus.xenstore.conformance.ScriptRunner;
import dev.xenbus.xenstore.conformance.ScriptRunner.Outcome;
import dev.xenbus.xenstore.conformance.ScriptRunner.Result;
import dev.xenbus.xenstore.conformance.SocketTarget;
import dev.xenbus.xenstore.conformance.StoreScript;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `xenemu conformance`: facts about XenStore against any server.
@Command(
    name = "conformance",
    mixinStandardHelpOptions = true,
    header = "Check any XenStore server against the conformance facts.",
    description = {
      "Runs the conformance facts against a XenStore server and prints a table. Exit code 0 only",
      "if every fact that concerns the server holds. What the facts write is removed again."
    })
final class ConformanceCommand implements Callable<Integer> {
  private static final String UNIX = "unix:";

  @Option(
      names = "--target",
      required = true,
      paramLabel = "unix:PATH",
      description = "The server's socket.")
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private String target;

  @Option(
      names = "--guest",
      paramLabel = "DOMID=PATH",
      description = "A socket of the server that acts as that domain.")
  private SequencedMap<Integer, Path> guests = new LinkedHashMap<>();

  @Option(
      names = "--profile",
      paramLabel = "PROFILE",
      description = "What the server is like: c (default), c17 or ocaml.")
  private String profile = "c";

  @Option(names = "--all", description = "Print every fact, not only those that do not hold.")
  private boolean all;

  /// Made by picocli.
  ConformanceCommand() {}

  @Override
  public Integer call() throws IOException, UsageException {
    if (!target.startsWith(UNIX)) {
      throw new UsageException("--target " + target + ": unix:PATH is wanted");
    }
    Path socket = Path.of(target.substring(UNIX.length()));
    EnumMap<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
    try (SocketTarget server = new SocketTarget(socket, guests, profile)) {
      ScriptRunner runner = new ScriptRunner(server);
      for (StoreScript script : Facts.all()) {
        Result result = runner.run(script);
        counts.merge(result.outcome(), 1, Integer::sum);
        print(result);
      }
    }
    System.out.printf(
        "%d hold, %d broken, %d skipped%n",
        counts.getOrDefault(Outcome.HOLDS, 0),
        counts.getOrDefault(Outcome.BROKEN, 0),
        counts.getOrDefault(Outcome.SKIPPED, 0));
    return counts.containsKey(Outcome.BROKEN) ? Main.FAILED : 0;
  }

  private void print(Result result) {
    if (all || result.outcome() == Outcome.BROKEN) {
      System.out.printf("%-8s %s%n", result.outcome(), result.script().name());
      if (!result.detail().isEmpty()) {
        System.out.println("         " + result.detail());
      }
    }
  }
}
