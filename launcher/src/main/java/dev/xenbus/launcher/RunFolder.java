package dev.xenbus.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// A private folder of one running emulator: its store socket, unless it was told another place,
/// and its control socket. `last` beside it names the emulator that was booted last.
///
/// @param path the folder
record RunFolder(Path path) {
  private static final String LAST = "last";
  private static final String CONTROL = "control";

  /// Makes the folder of this process, mode 0700.
  static RunFolder create(Map<String, String> environment) throws IOException {
    Path base = base(environment);
    Files.createDirectories(base);
    Files.setPosixFilePermissions(base, PosixFilePermissions.fromString("rwx------"));
    Path own = base.resolve(Long.toString(ProcessHandle.current().pid()));
    new RunFolder(own).delete();
    Files.createDirectory(own);
    return new RunFolder(own);
  }

  /// Returns the folder of the emulator that was booted last and still runs.
  static Optional<RunFolder> last(Map<String, String> environment) {
    Path last = base(environment).resolve(LAST);
    try {
      RunFolder folder = new RunFolder(base(environment).resolve(Files.readString(last).strip()));
      return Files.exists(folder.control()) ? Optional.of(folder) : Optional.empty();
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// Names this emulator the one that was booted last.
  void announce() throws IOException {
    Path base = Objects.requireNonNull(path.toAbsolutePath().getParent());
    Path fresh = base.resolve(LAST + "." + path.getFileName());
    Files.writeString(fresh, path.getFileName() + "\n");
    Files.move(fresh, base.resolve(LAST), StandardCopyOption.ATOMIC_MOVE);
  }

  /// Returns where the control socket is.
  Path control() {
    return path.resolve(CONTROL);
  }

  /// Returns where the store's socket is unless another place was asked for.
  Path storeSocket() {
    return path.resolve("xenstored.socket");
  }

  /// Removes the folder and all that is in it, and what [#announce] left if it still names it.
  void delete() throws IOException {
    Path last = Objects.requireNonNull(path.toAbsolutePath().getParent()).resolve(LAST);
    if (Files.exists(last) && Files.readString(last).strip().equals(path.getFileName() + "")) {
      Files.deleteIfExists(last);
    }
    if (!Files.exists(path)) {
      return;
    }
    List<Path> inside;
    try (Stream<Path> walk = Files.walk(path)) {
      inside = walk.sorted((a, b) -> b.compareTo(a)).toList();
    }
    for (Path file : inside) {
      Files.deleteIfExists(file);
    }
  }

  private static Path base(Map<String, String> environment) {
    String runtime = environment.get("XDG_RUNTIME_DIR");
    if (runtime != null && Files.isWritable(Path.of(runtime))) {
      return Path.of(runtime, "xenemu");
    }
    String user = System.getProperty("user.name", "user");
    return Path.of(System.getProperty("java.io.tmpdir", "/tmp"), "xenemu-" + user);
  }
}
