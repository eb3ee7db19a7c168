package dev.xenbus.bench;

import dev.xenbus.machine.Clock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.function.Consumer;

/// Load on XenStore servers, row by row, the servers taking turns within a row so that a change of
/// the machine's speed meets all of them; the median of each.
public final class StoreBench {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /// What one server did in one row.
  ///
  /// @param operationsPerSecond median of the rounds
  /// @param p50Micros of the median round
  /// @param p99Micros of the median round
  /// @param cpuMicros processor time of the server for one operation
  public record Cell(
      double operationsPerSecond, double p50Micros, double p99Micros, double cpuMicros) {}

  private final Clock clock;
  private final List<BenchServer> servers;
  private final int rounds;
  private final long nanos;

  /// Makes a benchmark.
  ///
  /// @param clock real time
  /// @param rounds how often each row is measured on each server
  /// @param seconds how long each time
  public StoreBench(Clock clock, List<BenchServer> servers, int rounds, double seconds) {
    this.clock = clock;
    this.servers = List.copyOf(servers);
    this.rounds = rounds;
    this.nanos = (long) (seconds * NANOS_PER_SECOND);
  }

  /// Measures rows and tells each when it is done.
  ///
  /// @throws IOException if a server fails
  public SequencedMap<Row, SequencedMap<String, Cell>> run(List<Row> rows, Consumer<Row> done)
      throws IOException {
    SequencedMap<Row, SequencedMap<String, Cell>> table = new LinkedHashMap<>();
    int filled = 0;
    for (Row row : rows) {
      if (row.leaves() > filled) {
        for (BenchServer server : servers) {
          if (server.isStore()) {
            new Load(clock, server.socket()).fill(row.leaves());
          }
        }
        filled = row.leaves();
      }
      table.put(row, measure(row));
      done.accept(row);
    }
    return table;
  }

  private SequencedMap<String, Cell> measure(Row row) throws IOException {
    SequencedMap<String, List<Cell>> cells = new LinkedHashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (BenchServer server : servers) {
        double before = server.cpuSeconds();
        Load.Seen seen = new Load(clock, server.socket()).run(row, nanos / 3, nanos);
        double cpu = server.cpuSeconds() - before;
        double operations = seen.operationsPerSecond() * nanos / NANOS_PER_SECOND * 4 / 3;
        cells
            .computeIfAbsent(server.label(), _ -> new ArrayList<>())
            .add(
                new Cell(
                    seen.operationsPerSecond(),
                    seen.p50Micros(),
                    seen.p99Micros(),
                    cpu * 1_000_000 / Math.max(1, operations)));
      }
    }
    SequencedMap<String, Cell> medians = new LinkedHashMap<>();
    cells.forEach(
        (label, seen) -> {
          seen.sort(Comparator.comparingDouble(Cell::operationsPerSecond));
          medians.put(label, seen.get(seen.size() / 2));
        });
    return medians;
  }

  /// Fills the first server with nodes and tells what that took.
  ///
  /// @return a line
  /// @throws IOException if it fails
  public String memory(int nodes) throws IOException {
    BenchServer server = servers.getFirst();
    long before = server.residentKib();
    long begun = clock.nanos();
    new Load(clock, server.socket()).fill(nodes);
    double seconds = (double) (clock.nanos() - begun) / NANOS_PER_SECOND;
    return String.format(
        Locale.ROOT,
        "%s: %,d nodes written in %.1f s; resident memory %,d MiB before, %,d MiB after",
        server.label(),
        nodes,
        seconds,
        before / 1024,
        server.residentKib() / 1024);
  }

  /// Returns the table in Markdown: thousands of operations a second, the slowest of a hundred, the
  /// server's processor time, and the first server's ratio to each other.
  public static String markdown(SequencedMap<Row, SequencedMap<String, Cell>> table) {
    StringBuilder text = new StringBuilder();
    List<String> labels = new ArrayList<>(table.firstEntry().getValue().keySet());
    String first = labels.getFirst();
    text.append("| load, clients |");
    labels.forEach(label -> text.append(" ").append(label).append(" k/s · p99 µs · CPU µs |"));
    labels.stream().skip(1).forEach(label -> text.append(" ÷ ").append(label).append(" |"));
    text.append("\n|---|").append("---:|".repeat(2 * labels.size() - 1)).append('\n');
    table.forEach(
        (row, cells) -> {
          text.append("| ").append(row).append(" |");
          for (String label : labels) {
            Cell cell = cellOf(cells, label);
            text.append(
                String.format(
                    Locale.ROOT,
                    " %.2f · %.0f · %.1f |",
                    cell.operationsPerSecond() / 1000,
                    cell.p99Micros(),
                    cell.cpuMicros()));
          }
          for (String label : labels.subList(1, labels.size())) {
            double ratio =
                cellOf(cells, first).operationsPerSecond()
                    / cellOf(cells, label).operationsPerSecond();
            text.append(String.format(Locale.ROOT, " %.2f |", ratio));
          }
          text.append('\n');
        });
    return text.toString();
  }

  private static Cell cellOf(SequencedMap<String, Cell> cells, String label) {
    return java.util.Objects.requireNonNull(cells.get(label), label);
  }

  /// Returns the table as JSON, one object for each row and server.
  public static String json(SequencedMap<Row, SequencedMap<String, Cell>> table) {
    List<String> objects = new ArrayList<>();
    table.forEach(
        (row, cells) ->
            cells.forEach(
                (label, cell) ->
                    objects.add(
                        String.format(
                            Locale.ROOT,
                            "  {\"row\": \"%s\", \"server\": \"%s\", \"operationsPerSecond\": %.1f,"
                                + " \"p50Micros\": %.1f, \"p99Micros\": %.1f, \"cpuMicros\": %.2f}",
                            row,
                            label,
                            cell.operationsPerSecond(),
                            cell.p50Micros(),
                            cell.p99Micros(),
                            cell.cpuMicros()))));
    return "[\n" + String.join(",\n", objects) + "\n]\n";
  }
}
