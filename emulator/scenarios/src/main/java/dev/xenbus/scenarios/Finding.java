package dev.xenbus.scenarios;

import dev.xenbus.emulator.Emulator;
import dev.xenbus.machine.Replay;
import dev.xenbus.machine.Schedule;
import dev.xenbus.machine.SimulatedMachine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// A run that violated something, with all that repeats it choice by choice. Its text form is a
/// small file, which [#parse] reads.
///
/// @param scenario the scenario's name
/// @param dispatcher the design
/// @param words further words of the kernel command line
/// @param what what was violated
/// @param steps how many scheduling points the run had
/// @param hash of everything that happened in it
/// @param schedule its choices
public record Finding(
    String scenario,
    Dispatcher dispatcher,
    List<String> words,
    String what,
    long steps,
    long hash,
    Schedule schedule) {
  /// Plays the run again and expects the very same: for a JUnit test that keeps a finding.
  ///
  /// ```java
  /// Finding kept = Finding.parse(Files.readString(file));
  /// assertEquals(kept.what(), kept.replay(Emulator.load()).orElse(""));
  /// ```
  ///
  /// @return what was violated; a run that differs in anything is told as such
  public Optional<String> replay(Emulator emulator) {
    SimulatedMachine machine = new SimulatedMachine(Exploration.options(Replay.of(schedule)));
    Optional<String> seen = run(emulator).play(machine, text -> {});
    if (machine.trace().hash() != hash) {
      return Optional.of(
          "the replay differs: hash "
              + Long.toHexString(machine.trace().hash())
              + " is not "
              + Long.toHexString(hash)
              + seen.map(what -> "; it says: " + what).orElse(""));
    }
    return seen;
  }

  /// Returns the run that it was.
  ///
  /// @throws IllegalArgumentException if there is no scenario of its name
  public ScenarioRun run(Emulator emulator) {
    Scenario known =
        ScenarioLibrary.named(scenario)
            .orElseThrow(() -> new IllegalArgumentException("no scenario " + scenario));
    return new ScenarioRun(emulator, known, dispatcher, words);
  }

  @Override
  public String toString() {
    return "scenario: %s%ndispatcher: %s%nparameters: %s%nfound: %s%nsteps: %d%nhash: %x%nschedule: %s%n"
        .formatted(
            scenario, dispatcher.label(), String.join(" ", words), what, steps, hash, schedule);
  }

  /// Reads a text form; lines that begin with `#` are left out.
  ///
  /// @throws IllegalArgumentException with the line that is missing or wrong
  public static Finding parse(String text) {
    SequencedMap<String, String> lines = new LinkedHashMap<>();
    for (String line : text.lines().filter(line -> !line.startsWith("#")).toList()) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        lines.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    String words = line(lines, "parameters");
    try {
      return new Finding(
          line(lines, "scenario"),
          Dispatcher.valueOf(line(lines, "dispatcher").toUpperCase(java.util.Locale.ROOT)),
          words.isEmpty() ? List.of() : new ArrayList<>(List.of(words.split(" +"))),
          line(lines, "found"),
          Long.parseLong(line(lines, "steps")),
          Long.parseUnsignedLong(line(lines, "hash"), 16),
          Schedule.parse(line(lines, "schedule")));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("steps and hash are to be numbers: " + e.getMessage(), e);
    }
  }

  private static String line(SequencedMap<String, String> lines, String name) {
    String value = lines.get(name);
    if (value == null) {
      throw new IllegalArgumentException("a line " + name + ": is missing");
    }
    return value;
  }
}
