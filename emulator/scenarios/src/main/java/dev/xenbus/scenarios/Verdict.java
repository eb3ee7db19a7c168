package dev.xenbus.scenarios;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// What was seen in a run.
///
/// @param checks each expectation, and whether it held
/// @param rows what goes into the table at the end: name and value
public record Verdict(SequencedMap<String, Boolean> checks, SequencedMap<String, String> rows) {
  /// Returns whether everything went as expected.
  public boolean holds() {
    return checks.values().stream().allMatch(held -> held);
  }

  /// Returns the expectations that did not hold.
  public List<String> broken() {
    List<String> broken = new ArrayList<>();
    checks.forEach(
        (name, held) -> {
          if (!held) {
            broken.add(name);
          }
        });
    return broken;
  }

  static final class Builder {
    private final SequencedMap<String, Boolean> checks = new LinkedHashMap<>();
    private final SequencedMap<String, String> rows = new LinkedHashMap<>();

    void check(String name, boolean held) {
      checks.merge(name, held, Boolean::logicalAnd);
    }

    void row(String name, String value) {
      rows.put(name, value);
    }

    Verdict build() {
      return new Verdict(checks, rows);
    }
  }
}
