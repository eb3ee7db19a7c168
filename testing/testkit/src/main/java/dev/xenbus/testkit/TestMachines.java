package dev.xenbus.testkit;

import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Pct;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import java.util.function.BooleanSupplier;

/// Runs one scenario on machines of every kind. A failure names the machine, and so the seed.
public final class TestMachines {
  /// Scheduling points of one scenario at most.
  private static final long STEPS_MAX = 20_000_000;

  private TestMachines() {}

  /// What is to happen, as the main task of a fresh machine.
  @FunctionalInterface
  public interface Scenario {
    /// Runs.
    ///
    /// @throws Exception whatever went wrong
    void run(Machine machine) throws Exception;
  }

  /// Runs a scenario with fair schedules, with a few random ones, and in real time: that one
  /// last, since what hangs there hangs the test, where virtual time ends it.
  public static void everywhere(Scenario scenario) {
    fair(scenario);
    seeds(12, scenario);
    live(scenario);
  }

  /// As [#everywhere], but time-outs come only when nobody can run.
  public static void patiently(Scenario scenario) {
    fair(scenario);
    for (int seed = 1; seed <= 24; seed++) {
      run(
          "patient seed " + seed,
          new SimulatedMachine(
              SimulatedMachine.Options.seed(seed).stepLimit(STEPS_MAX).with(RandomWalk.patient())),
          scenario);
    }
    live(scenario);
  }

  /// Runs a scenario in real time.
  public static void live(Scenario scenario) {
    try (LiveMachine machine = new LiveMachine(LiveMachine.Options.usual().endingOnProblem())) {
      run("live", machine, scenario);
    }
  }

  /// Runs a scenario in virtual time, each task in its turn.
  public static void fair(Scenario scenario) {
    run(
        "fair",
        new SimulatedMachine(SimulatedMachine.Options.fair().stepLimit(STEPS_MAX)),
        scenario);
  }

  /// Runs a scenario with so many random schedules, and as many with priorities that change (PCT).
  public static void seeds(int count, Scenario scenario) {
    for (int seed = 1; seed <= count; seed++) {
      run("seed " + seed, machine(seed), scenario);
      run(
          "pct seed " + seed,
          new SimulatedMachine(
              SimulatedMachine.Options.seed(seed).stepLimit(STEPS_MAX).with(new Pct(3, 2000))),
          scenario);
    }
  }

  /// Returns a machine in virtual time with the usual options for a seed.
  public static SimulatedMachine machine(long seed) {
    return new SimulatedMachine(SimulatedMachine.Options.seed(seed).stepLimit(STEPS_MAX));
  }

  /// Runs a scenario on one machine.
  public static void run(String name, Machine machine, Scenario scenario) {
    try {
      machine.run(
          () -> {
            scenario.run(machine);
            return 0;
          });
    } catch (Exception e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new AssertionError("on " + name + ": " + e.getMessage(), cause);
    }
  }

  /// Waits until something holds that others bring about, looking every millisecond.
  public static void await(BooleanSupplier holds) {
    while (!holds.getAsBoolean()) {
      Task.sleep(1_000_000);
    }
  }
}
