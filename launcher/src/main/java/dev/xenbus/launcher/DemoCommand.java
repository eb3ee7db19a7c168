package dev.xenbus.launcher;

import dev.xenbus.emulator.Emulator;
import dev.xenbus.emulator.Machines;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.scenarios.StallComparison;
import dev.xenbus.scenarios.StallDemo.Kind;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `xenemu demo`: the published stall, off and on.
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    header = "Show the published stall, without and with xen_mtwatch.",
    description = {
      "Shows the published xenwatch stall: one boot without and one with xen_mtwatch, one after",
      "the other, and a table of both. Exit code 0 only if both went as published."
    })
final class DemoCommand implements Callable<Integer> {
  /// What can be shown.
  enum Demo {
    /// One stuck device against the whole dom0.
    STALL
  }

  @Parameters(paramLabel = "DEMO", description = "stall")
  @SuppressWarnings({"NullAway.Init", "UnusedVariable"}) // picocli sets it; there is one demo
  private Demo demo;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = {
        "vif: a network packet is held (default); vbd: the storage hangs;",
        "pgrant: a storage driver keeps a page of the disk."
      })
  private Kind kind = Kind.VIF;

  @Option(names = "--live", description = "In real time: the toolstack's 10 s are 10 s.")
  private boolean live;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "Schedule in virtual time; default 1.")
  private long seed = 1;

  /// Made by picocli.
  DemoCommand() {}

  @Override
  public Integer call() throws IOException, MachineFailure {
    StallComparison comparison =
        new StallComparison(
            Emulator.load(),
            kind,
            () -> live ? new LiveMachine() : Machines.simulated(seed),
            System.out::print);
    return comparison.run() ? 0 : Main.FAILED;
  }
}
