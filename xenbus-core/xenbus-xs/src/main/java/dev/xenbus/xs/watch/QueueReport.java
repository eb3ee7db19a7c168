package dev.xenbus.xs.watch;

import java.util.List;

/// What one thread has to do.
///
/// @param comm the thread's name
/// @param queued how many events wait
/// @param oldestNanos age of the oldest event, the one that runs included; 0 if there is none
/// @param running the path of the event that runs, or empty
public record QueueReport(String comm, int queued, long oldestNanos, String running) {
  /// Returns the content of `/sys/kernel/debug/xenwatch/queues`: one line a thread.
  public static String format(List<QueueReport> reports) {
    StringBuilder text = new StringBuilder("thread               queued  oldest_ms running\n");
    for (QueueReport report : reports) {
      text.append(
          "%-20s %6d %10d %s%n"
              .formatted(
                  report.comm(),
                  report.queued(),
                  report.oldestNanos() / 1_000_000,
                  report.running().isEmpty() ? "-" : report.running())
              .replace(System.lineSeparator(), "\n"));
    }
    return text.toString();
  }
}
