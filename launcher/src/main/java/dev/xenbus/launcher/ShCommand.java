package dev.xenbus.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `xenemu sh`: a console, or one command of it, in the running emulator.
@Command(
    name = "sh",
    mixinStandardHelpOptions = true,
    header = "A console, or one console command, in the running emulator.")
final class ShCommand implements Callable<Integer> {
  @Option(
      names = "-c",
      paramLabel = "COMMAND",
      description = "Run this line and exit with its exit code.")
  private @Nullable String command;

  @Option(
      names = "--control",
      paramLabel = "PATH",
      description = "Control socket of the emulator; default: the last that was booted.")
  private @Nullable Path control;

  /// Made by picocli.
  ShCommand() {}

  @Override
  public Integer call() throws IOException, UsageException {
    try (ControlClient client = connect(Optional.ofNullable(control))) {
      Signals.register("INT", client::interrupt);
      if (command != null) {
        return client.run(command, System.out, System.err);
      }
      return lines(client);
    }
  }

  private static int lines(ControlClient client) throws IOException {
    java.io.BufferedReader reader =
        new java.io.BufferedReader(
            new java.io.InputStreamReader(System.in, java.nio.charset.StandardCharsets.UTF_8));
    boolean terminal = Terminal.isInteractive();
    int exit = 0;
    while (true) {
      if (terminal) {
        System.out.print("dom0# ");
        System.out.flush();
      }
      String line = reader.readLine();
      if (line == null || line.strip().equals("exit")) {
        return exit;
      }
      exit = client.run(line, System.out, System.err);
    }
  }

  static ControlClient connect(Optional<Path> control) throws IOException, UsageException {
    Path socket =
        control
            .or(() -> RunFolder.last(new TreeMap<>(System.getenv())).map(RunFolder::control))
            .orElseThrow(() -> new UsageException("no emulator runs; start one with: xenemu boot"));
    if (!Files.exists(socket)) {
      throw new UsageException("--control " + socket + ": no such socket");
    }
    return ControlClient.connect(socket);
  }
}
