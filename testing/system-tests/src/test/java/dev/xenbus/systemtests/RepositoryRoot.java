package dev.xenbus.systemtests;

import java.nio.file.Files;
import java.nio.file.Path;

/// Finds the folder that the project was checked out into.
final class RepositoryRoot {
  private RepositoryRoot() {}

  static Path find() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("xenemu"))) {
      folder = java.util.Objects.requireNonNull(folder.getParent(), "not inside of the repository");
    }
    return folder;
  }
}
