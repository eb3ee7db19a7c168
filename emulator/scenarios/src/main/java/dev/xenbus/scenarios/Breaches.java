package dev.xenbus.scenarios;

import java.util.ArrayList;
import java.util.List;

/// What did not hold, a line each: which invariant, then thread, domain, path or grant.
///
/// Guarded by the lock of [Invariants].
final class Breaches {
  private final List<String> lines = new ArrayList<>();
  private volatile boolean isEmpty = true;

  void add(String line) {
    lines.add(line);
    isEmpty = false;
  }

  /// Returns whether all held so far; any thread.
  boolean isEmpty() {
    return isEmpty;
  }

  List<String> lines() {
    return List.copyOf(lines);
  }
}
