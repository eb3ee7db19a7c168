package dev.xenbus.systemtests;

import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.scenarios.StallDemo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A program for a JVM of its own: one simulated boot with two guests, and everything that can be
/// seen of it in a file.
///
/// Its arguments: the file, an empty folder for the guests, the words of the kernel command line.
final class TwoGuestsTrace {
  private static final long SEED = 20_180_914;
  private static final long STEPS_MAX = 100_000_000;
  private static final int TRACE_POINTS_MAX = 1 << 16;

  private static final List<String> COMMANDS =
      List.of(
          "truncate -s 64M first.img pv.img",
          "xl create first.cfg",
          "xl create pv.cfg",
          "xl console 1 -c 'ping -c 2 10.0.0.1'",
          "xl console 2 -c 'dd if=/dev/xvda of=/dev/null bs=64k count=4'",
          "ps",
          "xenstore-ls -fp",
          "xl destroy 1",
          "xl destroy 2",
          "ps",
          "dmesg");

  private TwoGuestsTrace() {}

  /// Boots, types, writes the file.
  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[0]);
    Path folder = Path.of(arguments[1]);
    String[] words = List.of(arguments).subList(2, arguments.length).toArray(String[]::new);
    StallDemo.prepare(folder);
    SimulatedMachine.Options usual = SimulatedMachine.Options.seed(SEED);
    SimulatedMachine machine =
        new SimulatedMachine(
            new SimulatedMachine.Options(
                SEED,
                RandomWalk.patient(),
                STEPS_MAX,
                usual.faults(),
                usual.spuriousWakes(),
                usual.hungTaskTimeoutNanos(),
                usual.lockStacks(),
                usual.readable(),
                TRACE_POINTS_MAX,
                usual.stuckNanos()));
    Emulator emulator = Emulator.load();
    List<String> seen = new ArrayList<>();
    machine.run(
        () -> {
          Dom0 dom0 = emulator.boot(machine, BootOptions.of(emulator.configure(words)));
          StringBuilder screen = new StringBuilder();
          TextOutput output = screen::append;
          Shell shell = dom0.shell(folder, output, output, output);
          for (String command : COMMANDS) {
            screen.append("dom0# ").append(command).append('\n');
            screen.append("exit code ").append(shell.execute(command)).append('\n');
          }
          dom0.powerOff();
          seen.add(screen.toString());
          return true;
        });
    seen.addAll(machine.trace().lines());
    seen.add("hash of every choice and trace point: " + machine.trace().hash());
    Files.write(file, seen);
  }
}
