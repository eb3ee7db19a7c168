package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.emulator.Emulator;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.scenarios.Dispatcher;
import dev.xenbus.scenarios.ScenarioLibrary;
import dev.xenbus.scenarios.ScenarioRun;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// W10 and the suspend of guests in real time, with the real toolstack, store and drivers; the many
/// schedules of virtual time are ExplorationIT's.
class SuspendIT {
  private static final Emulator EMULATOR = Emulator.load();

  @ParameterizedTest
  @EnumSource(names = {"SINGLE", "SERIES"})
  void guestIsSavedRestoredAndMigratedAndTheMachineSleeps(Dispatcher dispatcher) {
    play("suspend", dispatcher);
  }

  @ParameterizedTest
  @EnumSource(names = {"SINGLE", "SERIES"})
  void stuckCallbackKeepsDom0FromSleepingAndNobodyElse(Dispatcher dispatcher) {
    play("suspend-during-stall", dispatcher);
  }

  private static void play(String name, Dispatcher dispatcher) {
    StringBuilder screen = new StringBuilder();
    Optional<String> broken =
        new ScenarioRun(EMULATOR, ScenarioLibrary.named(name).orElseThrow(), dispatcher, List.of())
            .play(new LiveMachine(), screen::append);
    assertEquals(Optional.empty(), broken, screen::toString);
  }
}
