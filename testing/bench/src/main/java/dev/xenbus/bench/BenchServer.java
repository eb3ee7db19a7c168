package dev.xenbus.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A server that load is put on: one that was started for it, or one that runs already.
///
/// @param label its name in the table
/// @param socket where it listens
/// @param pid its process, for its processor time
/// @param process set if it was started here, and is to be stopped
public record BenchServer(String label, Path socket, OptionalLong pid, @Nullable Process process)
    implements AutoCloseable {
  /// How many clock ticks `/proc` counts in a second, on Linux everywhere.
  private static final int TICKS_PER_SECOND = 100;

  /// Starts the store alone in a JVM like this one, and waits until it is ready.
  ///
  /// @throws IOException if it does not come up
  public static BenchServer xenemu(Path folder) throws IOException {
    Path socket = folder.resolve("xenemu.sock");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "--module-path",
            System.getProperty("jdk.module.path"),
            "--module",
            "dev.xenbus.launcher/dev.xenbus.launcher.Main",
            "xenstored",
            "--socket",
            socket.toString());
    return start("xenemu", socket, command);
  }

  /// Compiles and starts the echo server, the limit; empty where there is no C compiler.
  ///
  /// @throws IOException if it does not come up
  public static Optional<BenchServer> echo(Path folder) throws IOException {
    Path source = folder.resolve("echo.c");
    Path program = folder.resolve("echo");
    try (InputStream code = BenchServer.class.getResourceAsStream("echo.c")) {
      if (code == null) {
        throw new IOException("resource echo.c is missing");
      }
      Files.copy(code, source);
    }
    try {
      Process compiler =
          new ProcessBuilder("cc", "-O2", "-o", program.toString(), source.toString())
              .inheritIO()
              .start();
      if (compiler.onExit().join().exitValue() != 0) {
        return Optional.empty();
      }
    } catch (IOException _) {
      return Optional.empty();
    }
    Path socket = folder.resolve("echo.sock");
    return Optional.of(start("limit", socket, List.of(program.toString(), socket.toString())));
  }

  private static BenchServer start(String label, Path socket, List<String> command)
      throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    String line = out.readLine();
    if (!"ready".equals(line)) {
      process.destroy();
      throw new IOException(label + " does not come up; it said: " + line);
    }
    return new BenchServer(label, socket, OptionalLong.of(process.pid()), process);
  }

  /// Returns one that runs already, as `LABEL=unix:PATH` or `LABEL=unix:PATH=PID` names it.
  ///
  /// @throws IllegalArgumentException if the text is neither
  public static BenchServer parse(String text) {
    String[] parts = text.split("=", 3);
    if (parts.length < 2 || !parts[1].startsWith("unix:")) {
      throw new IllegalArgumentException(
          text + ": LABEL=unix:PATH or LABEL=unix:PATH=PID is wanted");
    }
    OptionalLong pid =
        parts.length == 3 ? OptionalLong.of(Long.parseLong(parts[2])) : OptionalLong.empty();
    return new BenchServer(parts[0], Path.of(parts[1].substring(5)), pid, null);
  }

  /// Returns whether it keeps what is written: not the echo server.
  boolean isStore() {
    return !label.equals("limit");
  }

  /// Returns the processor time that it used so far, in seconds; 0 if its process is not known.
  double cpuSeconds() {
    if (pid.isEmpty()) {
      return 0;
    }
    String[] fields = proc("stat").replaceFirst(".*\\) ", "").split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / (double) TICKS_PER_SECOND;
  }

  /// Returns its resident memory in KiB; 0 if its process is not known.
  long residentKib() {
    return pid.isEmpty()
        ? 0
        : proc("status")
            .lines()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
            .findFirst()
            .orElse(0);
  }

  private String proc(String file) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(pid.orElseThrow()), file));
    } catch (IOException e) {
      throw new UncheckedIOException(label + " is gone", e);
    }
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroy();
      process.onExit().join();
    }
  }
}
