package dev.xenbus.machine;

import java.util.Arrays;
import java.util.function.Consumer;

/// Runs a small program under every schedule that there is, or under every one with few unusual
/// choices, one after the other.
///
/// The program makes the same choices for the same picks, as every simulated run does, so that the
/// schedules form a tree: a run ends at a leaf, and the next one takes the next branch of the last
/// choice that has one. Time moves only when nobody can run.
public final class AllSchedules {
  private AllSchedules() {}

  /// Runs a program under every schedule.
  ///
  /// @param options of every run; their strategy is replaced
  /// @param runsMax how many runs there may be
  /// @param program runs a new machine and looks at what came out
  /// @return how many runs there were
  /// @throws IllegalStateException if there are more schedules than runs
  public static long run(
      SimulatedMachine.Options options, long runsMax, Consumer<SimulatedMachine> program) {
    return run(options, Integer.MAX_VALUE, runsMax, program);
  }

  /// Runs a program under every schedule with at most so many choices that are not the usual one:
  /// with n choices of two these are about n to the power of that (delay-bounded scheduling, Emmi,
  /// Qadeer and Rakamaric 2011).
  ///
  /// @param options of every run; their strategy is replaced
  /// @param unusualMax how many choices may be another than the usual one
  /// @param runsMax how many runs there may be
  /// @param program runs a new machine and looks at what came out
  /// @return how many runs there were
  /// @throws IllegalStateException if there are more schedules than runs
  public static long run(
      SimulatedMachine.Options options,
      int unusualMax,
      long runsMax,
      Consumer<SimulatedMachine> program) {
    Schedule next = new Schedule(options.seed(), "fair", new int[0], new int[0]);
    for (long runs = 1; runs <= runsMax; runs++) {
      SimulatedMachine machine = new SimulatedMachine(options.with(new Replay(next, false)));
      program.accept(machine);
      Schedule done = machine.schedule();
      int branch = lastBranch(done, unusualMax);
      if (branch < 0) {
        return runs;
      }
      next = nextBranch(done, branch);
    }
    throw new IllegalStateException("more than " + runsMax + " schedules");
  }

  /// Returns the last choice that has another possibility which keeps the bound, or -1.
  private static int lastBranch(Schedule done, int unusualMax) {
    int unusual = done.unusual();
    for (int branch = done.size() - 1; branch >= 0; branch--) {
      boolean isUnusual = done.pick(branch) != 0;
      if (done.pick(branch) + 1 < done.options(branch) && (isUnusual || unusual < unusualMax)) {
        return branch;
      }
      unusual -= isUnusual ? 1 : 0;
    }
    return -1;
  }

  private static Schedule nextBranch(Schedule done, int branch) {
    int[] picks = new int[branch + 1];
    int[] options = new int[branch + 1];
    Arrays.setAll(picks, done::pick);
    Arrays.setAll(options, done::options);
    picks[branch]++;
    return new Schedule(done.seed(), "fair", picks, options);
  }
}
