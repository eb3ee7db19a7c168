package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.linux.api.OpenFile;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
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
  void openFileKeepsTheContentOfItsFirstRead() throws KernelException {
    AtomicInteger reads = new AtomicInteger();
    files.add("/sys/x", () -> "grün %d\n".formatted(reads.incrementAndGet()));
    try (OpenFile file = files.open("/sys/x")) {
      assertTrue(file.isReadable());
      assertEquals(3, file.read(3, true).length);
      assertEquals(5, file.read(100, false).length);
      assertEquals(0, file.read(100, false).length);
      assertEquals(1, reads.get());
      assertErrno(Errno.EACCES, () -> file.write(new byte[1]));
    }
    assertEquals("grün 2\n", files.read("/sys/x"));
    assertErrno(Errno.ENOENT, () -> files.open("/sys/y"));
    assertErrno(Errno.EISDIR, () -> files.open("/sys"));
  }

  @Test
  void deviceIsOpenedAndHasNoContent() throws Exception {
    List<String> log = new ArrayList<>();
    KernelFiles.DeviceFile device =
        () -> {
          OpenFile file = mock(OpenFile.class);
          doAnswer(
                  call ->
                      log.add(
                          "write "
                              + new String(call.<byte[]>getArgument(0), StandardCharsets.US_ASCII)))
              .when(file)
              .write(any());
          doAnswer(call -> log.add("close")).when(file).close();
          return file;
        };
    files.add("/dev/xen/x", device);
    assertEquals(List.of("x"), files.list("/dev/xen"));
    assertErrno(Errno.EINVAL, () -> files.read("/dev/xen/x"));
    files.write("/dev/xen/x", "ab");
    assertEquals(List.of("write ab", "close"), log);
    assertNotSame(files.open("/dev/xen/x"), files.open("/dev/xen/x"));
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
