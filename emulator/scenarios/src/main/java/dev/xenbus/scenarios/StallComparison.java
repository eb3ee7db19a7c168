package dev.xenbus.scenarios;

import dev.xenbus.emulator.BootConfig;
import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.scenarios.StallDemo.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The stall twice, without and with `xen_mtwatch`, and a table of both.
public final class StallComparison {
  private final Emulator emulator;
  private final Kind kind;
  private final Supplier<Machine> machines;
  private final TextOutput screen;

  /// Makes a comparison.
  ///
  /// @param machines makes a machine for each boot
  /// @param screen where everything is shown
  public StallComparison(
      Emulator emulator, Kind kind, Supplier<Machine> machines, TextOutput screen) {
    this.emulator = emulator;
    this.kind = kind;
    this.machines = machines;
    this.screen = screen;
  }

  /// Runs both boots and shows the table.
  ///
  /// @return whether both went as published
  /// @throws IOException if the guests' files cannot be made
  /// @throws MachineFailure if a boot could not go on
  public boolean run() throws IOException, MachineFailure {
    heading("xen_mtwatch off: one thread for all guests");
    Verdict off = boot(false);
    heading("xen_mtwatch on: a thread for each guest");
    Verdict on = boot(true);
    heading("off and on");
    table(off, on);
    complain("off", off);
    complain("on", on);
    return off.holds() && on.holds();
  }

  /// Runs one boot in a folder of its own, which is gone afterwards.
  ///
  /// @throws IOException if the guests' files cannot be made
  /// @throws MachineFailure if the boot could not go on
  public Verdict boot(boolean mtwatch) throws IOException, MachineFailure {
    Path folder = Files.createTempDirectory("xenemu-demo");
    try {
      StallDemo.prepare(folder);
      BootConfig config = mtwatch ? emulator.configure("xen_mtwatch") : emulator.configure();
      Machine machine = machines.get();
      screen.println("(booted with: " + (mtwatch ? "xen_mtwatch" : "no parameters") + ")");
      return machine.run(
          () -> {
            Dom0 dom0 = emulator.boot(machine, BootOptions.of(config));
            Verdict verdict = new StallDemo(dom0, kind, mtwatch, folder, screen).run();
            dom0.powerOff();
            return verdict;
          });
    } finally {
      delete(folder);
    }
  }

  private void heading(String text) {
    screen.println("");
    screen.println("=== " + text + " ===");
  }

  private void table(Verdict off, Verdict on) {
    int name = width(off.rows().keySet().stream());
    int first = Math.max(width(off.rows().values().stream()), "xen_mtwatch off".length());
    String row = "%-" + name + "s   %-" + first + "s   %s%n";
    screen.print(row.formatted("", "xen_mtwatch off", "xen_mtwatch on"));
    off.rows()
        .forEach(
            (key, value) ->
                screen.print(row.formatted(key, value, on.rows().getOrDefault(key, "-"))));
    screen.println("");
    screen.println(
        "%d of %d expectations held off, %d of %d on."
            .formatted(held(off), off.checks().size(), held(on), on.checks().size()));
  }

  private void complain(String which, Verdict verdict) {
    verdict.broken().forEach(name -> screen.println("NOT AS PUBLISHED, " + which + ": " + name));
  }

  private static long held(Verdict verdict) {
    return verdict.checks().values().stream().filter(held -> held).count();
  }

  private static int width(Stream<String> texts) {
    return texts.mapToInt(String::length).max().orElse(0);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
