package dev.xenbus.launcher;

import dev.xenbus.emulator.BadConfiguration;
import dev.xenbus.emulator.BootConfig;
import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.emulator.Machines;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `xenemu boot`: boots dom0, then runs a script, a console, or until it is told to stop.
@Command(
    name = "boot",
    mixinStandardHelpOptions = true,
    header = "Boot dom0: a console, a script, or in the background.",
    description = {
      "",
      "With a terminal: an interactive console. With --script: runs its lines, then powers off; the",
      "exit code is that of the first line that failed. Otherwise: runs until SIGTERM or poweroff, to",
      "be used with xenemu sh and xenemu xl.",
      ""
    },
    footer = {
      "",
      "Kernel parameters are words as on a kernel command line:",
      "  xen_mtwatch                  a watch thread for each guest",
      "  xen_netback.max_queues=2     a parameter of a module",
      "--parameters lists them all. In a file they are kernel.xen_mtwatch, module.xen_netback.max_queues;",
      "in the environment XENEMU_XEN_MTWATCH, XENEMU_XEN_NETBACK__MAX_QUEUES."
    })
final class BootCommand implements Callable<Integer> {
  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description = "The store's socket; default: $$XENSTORED_PATH, else in a private folder.")
  private List<Path> sockets = new ArrayList<>();

  @Option(
      names = "--guest-socket",
      paramLabel = "DOMID=PATH",
      description = "A socket that acts as that domain.")
  private SequencedMap<String, Path> guestSockets = new LinkedHashMap<>();

  @Option(
      names = "--pty",
      paramLabel = "DOMID=PATH",
      description = "A device like /dev/xen/xenbus that acts as that domain, for guest agents.")
  private SequencedMap<String, Path> ptys = new LinkedHashMap<>();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Parameters from a file (HOCON); the command line wins.")
  private @Nullable Path config;

  @Option(
      names = "--script",
      paramLabel = "FILE",
      description = "Run the console commands of FILE (- is standard input), then power off.")
  private @Nullable Path script;

  @Option(
      names = "--simulate",
      paramLabel = "SEED",
      description = "Virtual time, one thread at a time, all chance from SEED; with --script only.")
  private @Nullable String simulate;

  @Option(names = "--parameters", description = "List the parameters, and boot nothing.")
  private boolean listParameters;

  @Parameters(paramLabel = "PARAMETER", description = "Kernel parameters.")
  private List<String> words = new ArrayList<>();

  /// Made by picocli.
  BootCommand() {}

  @Override
  public Integer call() throws UsageException, IOException, MachineFailure {
    Emulator emulator = Emulator.load();
    if (listParameters) {
      emulator.parameterTable().forEach(System.out::println);
      return 0;
    }
    BootConfig bootConfig = configure(emulator, Optional.ofNullable(config), words);
    List<String> lines = script == null ? List.of() : readScript(script);
    if (simulate == null) {
      return new LiveBoot(emulator, bootConfig, sockets, guestSockets, ptys)
          .run(script == null ? Optional.empty() : Optional.of(lines));
    }
    if (script == null) {
      throw new UsageException("--simulate wants --script FILE: virtual time has no terminal");
    }
    if (!sockets.isEmpty() || !guestSockets.isEmpty() || !ptys.isEmpty()) {
      throw new UsageException(
          "--simulate has no sockets and no devices: virtual time cannot wait for clients");
    }
    return simulated(emulator, bootConfig, lines);
  }

  static BootConfig configure(Emulator emulator, Optional<Path> config, List<String> words)
      throws UsageException {
    try {
      return emulator.configure(config, System.getenv(), words);
    } catch (BadConfiguration e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private int simulated(Emulator emulator, BootConfig bootConfig, List<String> lines)
      throws UsageException, MachineFailure {
    Machine machine = Machines.simulated(seed());
    return machine.run(
        () -> {
          Dom0 dom0 = emulator.boot(machine, BootOptions.of(bootConfig));
          Path folder = Path.of("").toAbsolutePath();
          int exit =
              runScript(dom0, dom0.shell(folder, System.out::print, System.err::print), lines);
          dom0.powerOff();
          return exit;
        });
  }

  private long seed() throws UsageException {
    String text = java.util.Objects.requireNonNull(simulate);
    try {
      return text.isEmpty() ? 1 : Long.parseLong(text);
    } catch (NumberFormatException _) {
      throw new UsageException("--simulate=" + text + ": the seed is a whole number");
    }
  }

  /// Runs every line, and returns the exit code of the first that failed, or 0.
  static int runScript(Dom0 dom0, Shell shell, List<String> lines) {
    int first = 0;
    for (String line : lines) {
      int exit = shell.execute(line);
      if (exit != 0 && first == 0) {
        first = exit;
      }
      if (shell.exitAsked()) {
        return exit;
      }
      if (dom0.isPowerOffRequested()) {
        return first;
      }
    }
    return first;
  }

  private static List<String> readScript(Path script) throws UsageException, IOException {
    if (script.toString().equals("-")) {
      return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
          .lines()
          .toList();
    }
    try {
      return Files.readAllLines(script);
    } catch (NoSuchFileException _) {
      throw new UsageException("--script " + script + ": no such file");
    }
  }
}
