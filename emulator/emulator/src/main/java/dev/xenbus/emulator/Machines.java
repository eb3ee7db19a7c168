package dev.xenbus.emulator;

import dev.xenbus.machine.Machine;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;

/// The simulated machines that whole boots run on.
public final class Machines {
  /// A run that takes more scheduling points than this does not end by itself.
  private static final long STEPS_MAX = 100_000_000L;

  private Machines() {}

  /// Returns a machine whose schedule the seed decides, and on which no time-out comes that would
  /// not come in real time.
  public static Machine simulated(long seed) {
    return new SimulatedMachine(
        SimulatedMachine.Options.seed(seed).with(RandomWalk.patient()).stepLimit(STEPS_MAX));
  }
}
