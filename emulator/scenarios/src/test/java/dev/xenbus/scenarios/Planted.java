package dev.xenbus.scenarios;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.Trace;
import dev.xenbus.testkit.TestMachines;
import java.util.List;

/// A simulated machine whose invariants are checked, and on which a test plants a fault: in what
/// runs on it, or between what is told and who hears it.
final class Planted {
  private static final long STEPS_MAX = 2_000_000;
  private static final long SECOND = 1_000_000_000L;

  final SimulatedMachine machine =
      new SimulatedMachine(SimulatedMachine.Options.fair().stepLimit(STEPS_MAX));
  final Invariants invariants = Invariants.of(machine, Dispatcher.SERIES);

  /// Lets facts go through a test's hands.
  ///
  /// @param tap hears each, and passes on what the invariants are to hear
  void tap(Trace.Listener tap) {
    machine.trace().listener(tap);
  }

  /// Lets virtual time go by, beyond what a thread may take.
  static void longEnough() {
    for (int i = 0; i < 30; i++) {
      Task.sleep(SECOND / 10);
    }
  }

  /// Runs it, and expects that everything holds.
  void holds(TestMachines.Scenario scenario) {
    TestMachines.run("a machine whose invariants are checked", machine, scenario);
    invariants.checkEnd();
    assertEquals(List.of(), invariants.broken());
  }

  /// Runs it, and expects that it ends at once since one invariant does not hold, and no other.
  ///
  /// @param id of the invariant, such as `W4`
  /// @param line what it says
  void breaks(String id, String line, TestMachines.Scenario scenario) {
    MachineFailure.Kind kind = MachineFailure.Kind.MAIN;
    try {
      machine.run(
          () -> {
            scenario.run(machine);
            longEnough();
            return 0;
          });
    } catch (MachineFailure e) {
      kind = e.kind();
      assertEquals(MachineFailure.Kind.INVARIANT, kind, e::getMessage);
    }
    List<String> broken = invariants.broken();
    assertFalse(broken.isEmpty(), "something does not hold");
    assertEquals(MachineFailure.Kind.INVARIANT, kind);
    assertEquals(id + ": " + line, broken.getFirst());
    assertEquals(List.of(), broken.stream().filter(other -> !other.startsWith(id + ": ")).toList());
  }
}
