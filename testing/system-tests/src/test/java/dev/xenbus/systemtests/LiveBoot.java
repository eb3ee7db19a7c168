package dev.xenbus.systemtests;

import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.scenarios.StallDemo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assumptions;

/// A dom0 in real time with its store on a socket, for tests with real clients.
final class LiveBoot {
  private static final long TOOL_SECONDS = 60;

  private final Path folder;

  /// What a test does with a running dom0.
  interface Body {
    void run(Dom0 dom0) throws IOException, InterruptedException;
  }

  /// What a program said.
  record Output(int exit, String out, String err) {}

  LiveBoot(Path folder) {
    this.folder = folder;
  }

  /// Returns the store's socket.
  Path socket() {
    return folder.resolve("s");
  }

  /// Boots, runs, powers off.
  void run(Body body) throws IOException, MachineFailure {
    run(options -> options, body);
  }

  /// Boots with more options, runs, powers off.
  void run(UnaryOperator<BootOptions> extended, Body body) throws IOException, MachineFailure {
    StallDemo.prepare(folder);
    Emulator emulator = Emulator.load();
    LiveMachine machine = new LiveMachine();
    machine.run(
        () -> {
          Dom0 dom0 =
              emulator.boot(
                  machine, extended.apply(BootOptions.of(emulator.configure()).atSocket(socket())));
          try {
            body.run(dom0);
          } finally {
            dom0.powerOff();
          }
          return true;
        });
  }

  /// Types a line at dom0's console.
  Output type(Dom0 dom0, String line) {
    StringBuilder out = new StringBuilder();
    StringBuilder err = new StringBuilder();
    int exit = dom0.shell(folder, out::append, err::append).execute(line);
    return new Output(exit, out.toString(), err.toString());
  }

  /// Runs one of Debian's Xen tools against the store; the test is skipped where it is missing.
  Output tool(String program, String... arguments) throws IOException, InterruptedException {
    return toolAt(socket(), find(program), arguments);
  }

  /// Runs a Xen tool against a socket or device.
  Output toolAt(Path store, Path path, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(path.toString()));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("XENSTORED_PATH", store.toString());
    Process process = builder.start();
    if (!process.waitFor(TOOL_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(command + " did not end");
    }
    return new Output(
        process.exitValue(),
        Files.readString(out, StandardCharsets.ISO_8859_1),
        Files.readString(err, StandardCharsets.ISO_8859_1));
  }

  static Path find(String program) {
    for (String folder : List.of("/usr/bin", "/usr/sbin", "/usr/lib/xen-4.17/bin")) {
      Path path = Path.of(folder, program);
      if (Files.isExecutable(path)) {
        return path;
      }
    }
    Assumptions.abort(
        program + " is missing: ./xenemu test --install installs xenstore-utils, xen-utils-4.17");
    throw new AssertionError("not reached");
  }
}
