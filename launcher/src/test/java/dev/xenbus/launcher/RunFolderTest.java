package dev.xenbus.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  @TempDir private Path runtime;

  private Map<String, String> environment() {
    return Map.of("XDG_RUNTIME_DIR", runtime.toString());
  }

  @Test
  void theFolderIsPrivateAndGoesWithItsEmulator() throws IOException {
    RunFolder folder = RunFolder.create(environment());
    Path base = runtime.resolve("xenemu");
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(base)));
    Files.createFile(folder.control());
    folder.delete();
    assertFalse(Files.exists(folder.path()));
  }

  @Test
  void theLastThatWasBootedIsFound() throws IOException {
    assertEquals(Optional.empty(), RunFolder.last(environment()));
    RunFolder folder = RunFolder.create(environment());
    folder.announce();
    assertEquals(Optional.empty(), RunFolder.last(environment()), "it does not listen yet");
    Files.createFile(folder.control());
    assertEquals(Optional.of(folder.path()), RunFolder.last(environment()).map(RunFolder::path));
    folder.delete();
    assertTrue(RunFolder.last(environment()).isEmpty(), "it is gone");
  }
}
