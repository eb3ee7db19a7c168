package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.emulator.Emulator;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.machine.Pct;
import dev.xenbus.scenarios.Dispatcher;
import dev.xenbus.scenarios.Exploration;
import dev.xenbus.scenarios.Exploration.Options;
import dev.xenbus.scenarios.Exploration.Outcome;
import dev.xenbus.scenarios.Exploration.Shrunk;
import dev.xenbus.scenarios.Finding;
import dev.xenbus.scenarios.Scenario;
import dev.xenbus.scenarios.ScenarioLibrary;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The scenario library under a few schedules each, and the faults of real kernels, put back one by
/// one, found. The stalls of the demo are StallSeedsIT's. `-Dexplore.seeds=1000` takes the long
/// way.
class ExplorationIT {
  private static final int SEEDS = Integer.getInteger("explore.seeds", 8);
  private static final int SEEDS_FOR_A_BUG = 100;
  private static final int SHRINK_RUNS_MAX = 40;

  private static final Emulator EMULATOR = Emulator.load();

  static Stream<Arguments> scenarios() {
    return ScenarioLibrary.all().stream()
        .filter(
            scenario -> !List.of("stall", "stall-vbd", "stall-pgrant").contains(scenario.name()))
        .flatMap(
            scenario ->
                scenario.dispatchers().stream()
                    .map(dispatcher -> Arguments.of(scenario.name(), dispatcher)));
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void scenarioHoldsUnderEverySchedule(String name, Dispatcher dispatcher) {
    Scenario scenario = ScenarioLibrary.named(name).orElseThrow();
    Outcome outcome =
        Exploration.of(EMULATOR, scenario, dispatcher, List.of(), Options.ofSeeds(SEEDS)).run();
    assertEquals(
        List.of(),
        outcome.findings().stream()
            .map(found -> "seed " + found.schedule().seed() + ": " + found.what())
            .toList(),
        "repeat one with: xenemu explore " + name + " --dispatcher " + dispatcher + " --seed N");
    assertEquals(SEEDS, outcome.runs());
  }

  static Stream<Scenario> scenariosThatFind() {
    return ScenarioLibrary.all().stream().filter(scenario -> scenario.finds().isPresent());
  }

  @Test
  void everyKnownBugHasAScenario() {
    assertEquals(
        Arrays.asList(KnownBug.values()),
        scenariosThatFind().map(scenario -> scenario.finds().orElseThrow()).sorted().toList());
  }

  @ParameterizedTest
  @MethodSource("scenariosThatFind")
  void bugThatIsPutBackIsFoundShrunkAndReplayed(Scenario scenario) {
    KnownBug bug = scenario.finds().orElseThrow();
    Exploration exploration =
        Exploration.of(
            EMULATOR,
            scenario,
            Dispatcher.SERIES,
            List.of("kernel.bugs=" + bug.label()),
            new Options(1, SEEDS_FOR_A_BUG, new Pct(3, 0, false), false, SHRINK_RUNS_MAX));
    Outcome outcome = exploration.run();
    assertFalse(outcome.findings().isEmpty(), "found in " + SEEDS_FOR_A_BUG + " seeds");
    Finding found = outcome.findings().getFirst();
    Shrunk shrunk = exploration.shrink(found, _ -> {});
    Finding small = shrunk.finding();
    assertTrue(
        shrunk.starved().isPresent() || small.schedule().unusual() <= found.schedule().unusual());
    assertEquals(found.what(), small.what());
    if (bug == KnownBug.STALE_BLOCK_THREAD) {
      assertEquals(Optional.of("2.xvda-0"), shrunk.starved());
    }

    // What a finding looks like when it is kept as a test: read, replay, compare.
    Finding kept = Finding.parse(small.toString());
    assertEquals(Optional.of(kept.what()), kept.replay(EMULATOR));
  }

  /// The replay compares all that happens, and would notice a difference.
  @Test
  void replayOfAnotherRunIsTold() {
    Scenario scenario = ScenarioLibrary.named("state-flood").orElseThrow();
    Finding found =
        Exploration.of(
                EMULATOR,
                scenario,
                Dispatcher.SERIES,
                List.of("kernel.bugs=state-flood"),
                Options.ofSeeds(SEEDS_FOR_A_BUG))
            .run()
            .findings()
            .getFirst();
    Finding other =
        new Finding(
            found.scenario(),
            found.dispatcher(),
            found.words(),
            found.what(),
            found.steps(),
            found.hash() + 1,
            found.schedule());
    assertTrue(other.replay(EMULATOR).orElse("").startsWith("the replay differs"));
  }
}
