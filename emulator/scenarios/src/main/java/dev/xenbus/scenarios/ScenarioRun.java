package dev.xenbus.scenarios;

import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// One run of a scenario on a machine of its own.
///
/// @param emulator what boots
/// @param scenario what is played
/// @param dispatcher the design that it is played with
/// @param words further words of the kernel command line, such as `kernel.bugs=state-flood`
public record ScenarioRun(
    Emulator emulator, Scenario scenario, Dispatcher dispatcher, List<String> words) {
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final String FOLDER_PREFIX = "xenemu-scenario";

  /// Plays it.
  ///
  /// @param machine just made
  /// @param screen where the console's text goes
  /// @return what was violated first, or empty if everything held: an expectation, an invariant, or
  ///     what the machine found, such as a deadlock
  public Optional<String> play(Machine machine, TextOutput screen) {
    Invariants invariants = Invariants.of(machine, dispatcher);
    List<String> parameters = new ArrayList<>(words);
    parameters.add(dispatcher.parameter());
    Path folder = newFolder();
    try {
      Verdict verdict =
          machine.run(
              () -> {
                BootOptions options =
                    BootOptions.of(emulator.configure(parameters.toArray(String[]::new)));
                Dom0 dom0 = emulator.boot(machine, options);
                Script script = new Script(dom0, dispatcher, folder, screen);
                scenario.body().play(script);
                invariants.powersOff();
                dom0.powerOff();
                invariants.checkPoweredOff();
                return script.verdict();
              });
      invariants.checkEnd();
      if (!invariants.broken().isEmpty()) {
        return Optional.of(invariants.broken().getFirst());
      }
      return mustSucceed(machine)
          ? verdict.broken().stream().findFirst().map(what -> "expected: " + what)
          : Optional.empty();
    } catch (MachineFailure e) {
      if (e.kind() == MachineFailure.Kind.MAIN && !mustSucceed(machine)) {
        return Optional.empty();
      }
      String said = String.valueOf(e.getMessage()).strip();
      // Such as who waits where, in a deadlock.
      said.lines().skip(1).forEach(line -> screen.print("# " + line + "\n"));
      return Optional.of(
          e.kind() == MachineFailure.Kind.INVARIANT && !invariants.broken().isEmpty()
              ? invariants.broken().getFirst()
              : said.lines().findFirst().orElse(e.kind().name()));
    } finally {
      delete(folder);
    }
  }

  /// Returns whether the scenario's own expectations count. They do not where time-outs may come
  /// early: what an administrator waits for may not come then, but the invariants must hold.
  private static boolean mustSucceed(Machine machine) {
    return !(machine instanceof SimulatedMachine simulated)
        || !simulated.options().strategy().advancesEarly();
  }

  /// Makes a folder in memory, where the system has one that is: disks of guests are written and
  /// read in every run, and nobody wants to keep them.
  private static Path newFolder() {
    try {
      return Files.isDirectory(MEMORY) && Files.isWritable(MEMORY)
          ? Files.createTempDirectory(MEMORY, FOLDER_PREFIX)
          : Files.createTempDirectory(FOLDER_PREFIX);
    } catch (IOException e) {
      throw new UncheckedIOException("no folder for the guests' files", e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the folder of a run cannot be removed", e);
    }
  }
}
