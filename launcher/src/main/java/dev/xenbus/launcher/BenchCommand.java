package dev.xenbus.launcher;

import dev.xenbus.bench.BenchServer;
import dev.xenbus.bench.IsolationBench;
import dev.xenbus.bench.Row;
import dev.xenbus.bench.StoreBench;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `xenemu bench`: the macro benchmarks.
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    header = "Macro benchmarks, as ratios in one run.",
    subcommands = {BenchCommand.Store.class, BenchCommand.Isolation.class})
final class BenchCommand implements Callable<Integer> {
  /// Made by picocli.
  BenchCommand() {}

  @Override
  public Integer call() throws UsageException {
    throw new UsageException("bench: store or isolation is wanted; see xenemu bench --help");
  }

  /// `xenemu bench store`.
  @Command(
      name = "store",
      mixinStandardHelpOptions = true,
      header = "Load on the store alone, beside an echo server of the same frames.",
      description = {
        "Starts xenemu xenstored and, where there is a C compiler, a server that keeps no store and",
        "answers at once: what the machine allows. Further servers that run already can stand",
        "beside them. Prints a table in Markdown, the log on standard error."
      })
  static final class Store implements Callable<Integer> {
    @Option(
        names = "--target",
        paramLabel = "LABEL=unix:PATH[=PID]",
        description = "A server beside ours, such as a real xenstored; with its pid, its CPU too.")
    private List<String> targets = new ArrayList<>();

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds of each row; default 3.")
    private int rounds = 3;

    @Option(names = "--seconds", paramLabel = "S", description = "Of each round; default 1.")
    private double seconds = 1;

    @Option(
        names = "--row",
        paramLabel = "N",
        description = "Measure these rows alone, counted from 1; may be given more than once.")
    private List<Integer> chosen = new ArrayList<>();

    @Option(
        names = "--memory",
        paramLabel = "NODES",
        description = "Fill our store with so many nodes and tell its memory, and no more.")
    private int memoryNodes;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the numbers there too.")
    private @Nullable Path json;

    /// Made by picocli.
    Store() {}

    @Override
    public Integer call() throws IOException, UsageException {
      Path folder = Files.createTempDirectory("xenemu-bench");
      List<BenchServer> servers = new ArrayList<>();
      try {
        servers.add(BenchServer.xenemu(folder));
        if (memoryNodes > 0) {
          System.out.println(
              new StoreBench(new LiveMachine().clock(), servers, 1, 1).memory(memoryNodes));
          return 0;
        }
        for (String target : targets) {
          servers.add(parse(target));
        }
        BenchServer.echo(folder)
            .ifPresentOrElse(
                servers::add, () -> System.err.println("no C compiler (cc): no limit beside"));
        measure(servers);
        return 0;
      } finally {
        for (BenchServer server : servers) {
          server.close();
        }
        delete(folder);
      }
    }

    private void measure(List<BenchServer> servers) throws IOException, UsageException {
      StoreBench bench = new StoreBench(new LiveMachine().clock(), servers, rounds, seconds);
      SequencedMap<Row, SequencedMap<String, StoreBench.Cell>> table =
          bench.run(rows(), row -> System.err.println("measured: " + row));
      System.out.print(StoreBench.markdown(table));
      if (json != null) {
        Files.writeString(json, StoreBench.json(table));
      }
    }

    private List<Row> rows() throws UsageException {
      List<Row> all = Row.usual();
      for (int number : chosen) {
        if (number < 1 || number > all.size()) {
          throw new UsageException("--row " + number + ": there are rows 1 to " + all.size());
        }
      }
      return IntStream.rangeClosed(1, all.size())
          .filter(number -> chosen.isEmpty() || chosen.contains(number))
          .mapToObj(number -> all.get(number - 1))
          .toList();
    }

    private static BenchServer parse(String target) throws UsageException {
      try {
        return BenchServer.parse(target);
      } catch (IllegalArgumentException e) {
        throw new UsageException("--target " + e.getMessage());
      }
    }

    private static void delete(Path folder) throws IOException {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /// `xenemu bench isolation`.
  @Command(
      name = "isolation",
      mixinStandardHelpOptions = true,
      header = "Watch events a second of the healthy guests while others are stalled.",
      description = "One thread for all guests beside mtwatch, in real time; a table in Markdown.")
  static final class Isolation implements Callable<Integer> {
    @Option(names = "--guests", paramLabel = "N", description = "How many; default 32.")
    private int guests = 32;

    @Option(names = "--seconds", paramLabel = "S", description = "Of each point; default 2.")
    private double seconds = 2;

    /// Made by picocli.
    Isolation() {}

    @Override
    public Integer call() throws MachineFailure, UsageException {
      if (guests < 2) {
        throw new UsageException("--guests " + guests + ": at least 2 are wanted");
      }
      IsolationBench bench = new IsolationBench(guests, seconds);
      System.out.println("| stalled of " + guests + " | xen_mtwatch=off, events/s | xen_mtwatch |");
      System.out.println("|---:|---:|---:|");
      for (int stalled :
          IntStream.of(0, 1, guests / 4, guests / 2, guests - 1).distinct().toArray()) {
        System.out.printf(
            Locale.ROOT,
            "| %d | %.0f | %.0f |%n",
            stalled,
            bench.measure("xen_mtwatch=off", stalled),
            bench.measure("xen_mtwatch", stalled));
      }
      return 0;
    }
  }
}
