package dev.xenbus.blkback;

import java.util.concurrent.atomic.AtomicLong;

/// Counters of one ring. Written by its worker, read by anyone, also while the ring goes.
final class RingStatistics {
  /// Times that the worker found no free request slot.
  final AtomicLong outOfRequests = new AtomicLong();

  /// Reads seen.
  final AtomicLong reads = new AtomicLong();

  /// Writes seen.
  final AtomicLong writes = new AtomicLong();

  /// Flushes and barriers seen.
  final AtomicLong flushes = new AtomicLong();

  /// Discards that were permitted.
  final AtomicLong discards = new AtomicLong();

  /// Sectors of reads that were submitted.
  final AtomicLong readSectors = new AtomicLong();

  /// Sectors of writes that were submitted.
  final AtomicLong writeSectors = new AtomicLong();

  /// Returns the line of `log_stats`, and resets what the real driver resets: not the flushes, not
  /// the sectors. Mirrors `print_stats`.
  String logLineAndReset(String thread, int persistent, int persistentMax) {
    String line =
        "xen-blkback: (%s): oo %3d  |  rd %4d  |  wr %4d  |  f %4d  |  ds %4d | pg: %4d/%4d"
            .formatted(
                thread,
                outOfRequests.get(),
                reads.get(),
                writes.get(),
                flushes.get(),
                discards.get(),
                persistent,
                persistentMax);
    reads.set(0);
    writes.set(0);
    outOfRequests.set(0);
    discards.set(0);
    return line;
  }
}
