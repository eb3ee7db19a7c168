package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class FileTreeTest {
  private final FileTree files = new FileTree();

  private static void assertErrno(Errno errno, Executable action) {
    assertEquals(errno, assertThrows(KernelException.class, action).errno());
  }

  @Test
  void fileIsReadByItsPathHoweverItIsSpelled() throws KernelException {
    files.add("/sys/kernel/x", () -> "1\n");
    assertEquals("1\n", files.read("/sys/kernel/x"));
    assertEquals("1\n", files.read("//sys/./kernel/../kernel//x/"));
  }

  @Test
  void missingFilesFoldersAndFilesAsFoldersAreTold() {
    files.add("/sys/kernel/x", () -> "1\n");
    assertErrno(Errno.ENOENT, () -> files.read("/sys/kernel/y"));
    assertErrno(Errno.EISDIR, () -> files.read("/sys/kernel"));
    assertErrno(Errno.ENOENT, () -> files.list("/proc"));
    assertErrno(Errno.ENOTDIR, () -> files.list("/sys/kernel/x"));
    assertErrno(Errno.EACCES, () -> files.write("/sys/kernel/x", "1"));
  }

  @Test
  void folderListsItsNamesSorted() throws KernelException {
    files.add("/sys/b/one", () -> "");
    files.add("/sys/b/two", () -> "");
    files.add("/sys/a", () -> "");
    files.add("/sys/b-", () -> "");
    files.add("/sys/b0", () -> "");
    assertEquals(List.of("a", "b-", "b/", "b0"), files.list("/sys"));
    assertEquals(List.of("one", "two"), files.list("/sys/b"));
    assertEquals(List.of("sys/"), files.list("/"));
  }

  @Test
  void removalOfAFolderTakesWhatIsInsideAndNothingBeside() throws KernelException {
    files.add("/sys/b/one", () -> "");
    files.add("/sys/b/c/two", () -> "");
    files.add("/sys/b-", () -> "");
    files.remove("/sys/b");
    assertEquals(List.of("b-"), files.list("/sys"));
    files.remove("/sys/b-");
    assertEquals(List.of(), files.list("/"));
  }

  @Test
  void nameIsTakenOnce() {
    files.add("/sys/x", () -> "");
    assertThrows(IllegalArgumentException.class, () -> files.add("/sys/x", () -> ""));
    assertThrows(IllegalArgumentException.class, () -> files.add("/sys", () -> ""));
    assertThrows(IllegalArgumentException.class, () -> files.add("/sys/x/y", () -> ""));
  }

  @Test
  void dynamicFolderIsMixedWithFiles() throws KernelException {
    files.add("/proc/version", () -> "v\n");
    files.addFolder(
        "/proc",
        new FileTree.DynamicFolder() {
          @Override
          public List<String> names() {
            return List.of("39/");
          }

          @Override
          public Optional<List<String>> names(String folder) {
            return folder.equals("39") ? Optional.of(List.of("comm")) : Optional.empty();
          }

          @Override
          public Optional<KernelFile> file(String path) {
            return path.equals("39/comm") ? Optional.of(() -> "xenwatch\n") : Optional.empty();
          }
        });
    assertEquals(List.of("39/", "version"), files.list("/proc"));
    assertEquals(List.of("comm"), files.list("/proc/39"));
    assertEquals("xenwatch\n", files.read("/proc/39/comm"));
    assertEquals("v\n", files.read("/proc/version"));
    assertErrno(Errno.ENOENT, () -> files.read("/proc/40/comm"));
    assertErrno(Errno.EISDIR, () -> files.read("/proc/39"));
  }
}
