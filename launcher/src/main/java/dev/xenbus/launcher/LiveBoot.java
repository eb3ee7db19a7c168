package dev.xenbus.launcher;

import dev.xenbus.abi.Domid;
import dev.xenbus.emulator.BootConfig;
import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.NoThread;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jline.utils.Signals;

/// A dom0 in real time, with its sockets, from boot to power-off.
final class LiveBoot {
  private final Emulator emulator;
  private final BootConfig config;
  private final List<Path> sockets;
  private final SequencedMap<String, Path> guestSockets;
  private final SequencedMap<String, Path> ptys;

  LiveBoot(
      Emulator emulator,
      BootConfig config,
      List<Path> sockets,
      SequencedMap<String, Path> guestSockets,
      SequencedMap<String, Path> ptys) {
    this.emulator = emulator;
    this.config = config;
    this.sockets = sockets;
    this.guestSockets = guestSockets;
    this.ptys = ptys;
  }

  /// Boots, runs the script, the console, or until power-off, and leaves nothing behind.
  ///
  /// @return the exit code
  int run(Optional<List<String>> script) throws IOException, UsageException, MachineFailure {
    RunFolder folder = RunFolder.create(new TreeMap<>(System.getenv()));
    try {
      BootOptions options =
          new BootOptions(
              config,
              storeSockets(folder),
              byDomid("--guest-socket", guestSockets),
              byDomid("--pty", ptys));
      LiveMachine machine = new LiveMachine();
      return machine.run(() -> live(machine, options, folder, script));
    } finally {
      folder.delete();
    }
  }

  private int live(
      LiveMachine machine, BootOptions options, RunFolder folder, Optional<List<String>> script)
      throws IOException, NoThread {
    Dom0 dom0 = emulator.boot(machine, options);
    Signals.register("TERM", dom0::requestPowerOff);
    Path here = Path.of("").toAbsolutePath();
    try (ControlServer _ = ControlServer.open(dom0.kernel().cpu(), folder.control(), dom0::shell)) {
      folder.announce();
      options.storeSockets().forEach(s -> System.err.println("xenemu: dom0 is up, store at " + s));
      if (script.isPresent()) {
        return runScript(
            dom0, dom0.shell(here, System.out::print, System.err::print), script.get());
      }
      if (Terminal.isInteractive()) {
        return Terminal.run(dom0, here);
      }
      dom0.awaitPowerOff();
      return 0;
    } finally {
      dom0.powerOff();
    }
  }

  private static int runScript(Dom0 dom0, Shell shell, List<String> lines) {
    Signals.register("INT", shell::interrupt);
    Signals.register(
        "TERM",
        () -> {
          dom0.requestPowerOff();
          shell.interrupt();
        });
    return BootCommand.runScript(dom0, shell, lines);
  }

  private List<Path> storeSockets(RunFolder folder) {
    if (!sockets.isEmpty()) {
      return sockets;
    }
    String environment = System.getenv("XENSTORED_PATH");
    return List.of(environment == null ? folder.storeSocket() : Path.of(environment));
  }

  private static SequencedMap<Domid, Path> byDomid(String option, SequencedMap<String, Path> paths)
      throws UsageException {
    SequencedMap<Domid, Path> byDomid = new LinkedHashMap<>();
    for (var entry : paths.entrySet()) {
      try {
        byDomid.put(Domid.of(Integer.parseInt(entry.getKey())), entry.getValue());
      } catch (IllegalArgumentException _) {
        throw new UsageException(
            option + " " + entry.getKey() + "=" + entry.getValue() + ": a domid is wanted");
      }
    }
    return byDomid;
  }
}
