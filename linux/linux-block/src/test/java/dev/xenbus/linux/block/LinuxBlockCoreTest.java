package dev.xenbus.linux.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.block.BlockBench.Io;
import dev.xenbus.machine.MachineFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class LinuxBlockCoreTest {
  private static final Path RAM = Path.of("ram:64K");
  private static final int RAM_SECTORS = 128;

  @TempDir Path folder = Path.of(".");

  private static void run(BlockBench.Body body) throws MachineFailure {
    BlockBench.run(1, body);
  }

  private static void assertErrno(Errno expected, Executable call) {
    assertEquals(expected, assertThrows(KernelException.class, call).errno());
  }

  private Path image(int bytes) throws IOException {
    return Files.write(folder.resolve("disk.img"), new byte[bytes]);
  }

  // --- loop devices ---------------------------------------------------------------------------

  @Test
  void loopDevicesTakeTheLowestFreeNumber() throws MachineFailure {
    run(
        bench -> {
          Disk zero = bench.core.attachLoop(RAM, false);
          Disk one = bench.core.attachLoop(RAM, true);
          assertEquals("loop0", zero.name());
          assertEquals(new DeviceNumber(7, 1), one.number());
          bench.core.detachLoop("loop0");
          assertEquals("loop0", bench.core.attachLoop(RAM, false).name());
          assertEquals(
              List.of("loop1", "loop0"), bench.core.disks().stream().map(Disk::name).toList());
          assertEquals(Optional.of(one), bench.core.disk(new DeviceNumber(7, 1)));
        });
  }

  @Test
  void sizeOfALoopDeviceIsThatOfItsImageInWholeSectors() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.core.attachLoop(image(3 * 512 + 100), false);
          assertEquals(3, disk.sectors());
          assertEquals(Optional.of(folder.resolve("disk.img")), bench.core.loopImage("loop0"));
          assertEquals(16, disk.options().tags());
          assertTrue(disk.options().writeCache());
        });
  }

  @Test
  void imagesThatCannotBeOpenedAreRefusedAndTakeNoNumber() throws MachineFailure {
    run(
        bench -> {
          assertErrno(Errno.ENOENT, () -> bench.core.attachLoop(folder.resolve("no"), false));
          assertErrno(Errno.EINVAL, () -> bench.core.attachLoop(folder, false));
          assertErrno(Errno.EINVAL, () -> bench.core.attachLoop(Path.of("ram:x"), false));
          assertErrno(Errno.EINVAL, () -> bench.core.attachLoop(Path.of("ram:17G"), false));
          assertEquals("loop0", bench.core.attachLoop(RAM, false).name());
        });
  }

  @Test
  void writesReachTheFileAndReadsComeFromIt() throws MachineFailure {
    run(
        bench -> {
          Path image = image(64 * 512);
          Disk disk = bench.core.attachLoop(image, false);
          assertNull(bench.write(disk, 5, 3, 'x').await());
          assertNull(bench.flush(disk).await());
          byte[] content = Files.readAllBytes(image);
          assertEquals(0, content[5 * 512 - 1]);
          assertEquals('x', content[5 * 512]);
          assertEquals('x', content[8 * 512 - 1]);
          assertEquals(0, content[8 * 512]);
          Io read = bench.read(disk, 4, 3);
          assertNull(read.await());
          assertArrayEquals(new byte[] {0, 'x', 'x'}, read.marks());
        });
  }

  @Test
  void imageThatShrankAnswersWithAnError() throws MachineFailure {
    run(
        bench -> {
          Path image = image(8 * 512);
          Disk disk = bench.core.attachLoop(image, false);
          Files.write(image, new byte[512]);
          assertEquals(Errno.EIO, bench.read(disk, 4, 1).await());
        });
  }

  @Test
  void memoryIsKeptWhereItWasWrittenAndDiscardedToZero() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.core.attachLoop(Path.of("ram:192K"), false);
          assertNull(bench.write(disk, 126, 5, 'y').await());
          assertNull(bench.other(disk, Operation.DISCARD, 0, 128).await());
          Io read = bench.read(disk, 125, 7);
          assertNull(read.await());
          assertArrayEquals(new byte[] {0, 0, 0, 'y', 'y', 'y', 0}, read.marks());
        });
  }

  @Test
  void discardZeroesTheFileAndSecureEraseIsUnsupported() throws MachineFailure {
    run(
        bench -> {
          Path image = folder.resolve("disk.img");
          byte[] ones = new byte[300 * 512];
          java.util.Arrays.fill(ones, (byte) 1);
          Files.write(image, ones);
          Disk disk = bench.core.attachLoop(image, false);
          assertNull(bench.other(disk, Operation.DISCARD, 1, 298).await());
          byte[] content = Files.readAllBytes(image);
          assertEquals(1, content[511]);
          assertEquals(0, content[512]);
          assertEquals(0, content[299 * 512 - 1]);
          assertEquals(1, content[299 * 512]);
          assertEquals(Errno.EOPNOTSUPP, bench.other(disk, Operation.SECURE_ERASE, 0, 1).await());
        });
  }

  @Test
  void detachedLoopDeviceGoesWithItsLastOpener() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.core.attachLoop(RAM, false);
          disk.open(true);
          bench.core.detachLoop("loop0");
          assertNull(bench.write(disk, 0, 1, 'z').await());
          disk.release();
          assertEquals(List.of(), bench.core.disks());
          assertEquals(Optional.empty(), bench.core.loopImage("loop0"));
          assertErrno(Errno.ENXIO, () -> bench.core.detachLoop("loop0"));
          assertErrno(Errno.ENXIO, () -> bench.core.detachLoop("xvda"));
          assertErrno(Errno.ENXIO, () -> disk.open(false));
        });
  }

  @Test
  void refreshTakesTheNewSizeAndTellsWhoAsked() throws MachineFailure {
    run(
        bench -> {
          Path image = image(8 * 512);
          Disk disk = bench.core.attachLoop(image, false);
          List<Long> seen = new ArrayList<>();
          Runnable listener = () -> seen.add(disk.sectors());
          disk.addResizeListener(listener);
          Files.write(image, new byte[16 * 512]);
          bench.core.refreshLoop("loop0");
          bench.core.refreshLoop("loop0");
          disk.removeResizeListener(listener);
          disk.sectors(4);
          assertEquals(List.of(16L), seen);
          assertErrno(Errno.ENXIO, () -> bench.core.refreshLoop("loop1"));
        });
  }

  // --- checks ---------------------------------------------------------------------------------

  @Test
  void requestsOutsideOfTheDiskEndWithAnError() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.core.attachLoop(RAM, false);
          assertNull(bench.read(disk, RAM_SECTORS - 1, 1).await());
          assertEquals(Errno.EIO, bench.read(disk, RAM_SECTORS - 1, 2).await());
          assertEquals(Errno.EIO, bench.read(disk, RAM_SECTORS, 1).await());
          assertEquals(Errno.EIO, bench.read(disk, -1, 1).await());
          assertEquals(Errno.EIO, bench.read(disk, Long.MAX_VALUE, 1).await());
          assertEquals(Errno.EIO, bench.other(disk, Operation.DISCARD, 1, Long.MAX_VALUE).await());
        });
  }

  @Test
  void readOnlyDiskTakesNoWrites() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.core.attachLoop(RAM, true);
          assertErrno(Errno.EROFS, () -> disk.open(true));
          disk.open(false);
          assertEquals(1, disk.openers());
          assertEquals(Errno.EIO, bench.write(disk, 0, 1, 'a').await());
          assertEquals(Errno.EIO, bench.other(disk, Operation.DISCARD, 0, 1).await());
          assertNull(bench.read(disk, 0, 1).await());
        });
  }

  @Test
  void requestsKeepToTheLogicalSectorSize() throws MachineFailure {
    run(
        bench -> {
          var options = new DiskOptions(64, 4096, 4096, 4, false, false, false, false);
          Disk disk =
              bench.core.addDisk(
                  "big", new DeviceNumber(8, 0), options, r -> r.done().completed(null));
          assertNull(bench.read(disk, 8, 8).await());
          assertEquals(Errno.EIO, bench.read(disk, 4, 8).await());
          assertEquals(Errno.EIO, bench.read(disk, 8, 4).await());
          assertEquals(Errno.EOPNOTSUPP, bench.other(disk, Operation.DISCARD, 8, 8).await());
          // Nothing is volatile, so there is nothing to ask the driver.
          assertNull(bench.flush(disk).await());
        });
  }

  @Test
  void nameAndNumberAreUnique() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.addStuckDisk("xvda", 2);
          assertErrno(Errno.EEXIST, () -> bench.addStuckDisk("xvda", 2));
          bench.core.attachLoop(RAM, false);
          assertErrno(
              Errno.EEXIST,
              () -> bench.core.addDisk("sda", new DeviceNumber(7, 0), disk.options(), _ -> {}));
          disk.remove();
          disk.remove();
          bench.addStuckDisk("xvda", 2);
        });
  }

  @Test
  void memoryMustBeAsLongAsTheRequest() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.core.attachLoop(RAM, false);
          assertThrows(
              IllegalArgumentException.class, () -> bench.other(disk, Operation.READ, 0, 1));
        });
  }

  // --- tags and the injector ------------------------------------------------------------------

  @Test
  void submitterSleepsUninterruptiblyWhileAllTagsAreTaken() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.addStuckDisk("xvda", 2);
          List<Io> ios = new ArrayList<>();
          var submitter = bench.submitReads("dd", disk, 3, ios);
          bench.awaitBlocked(submitter, "blk_mq_get_tag");
          assertEquals(2, bench.started.size());
          bench.started.getFirst().done().completed(null);
          bench.await("third request", () -> bench.started.size() == 3);
          bench.await("submitter ended", () -> ios.size() == 3);
          assertNull(ios.get(0).await());
        });
  }

  @Test
  void deathOfADiskReleasesThoseWhoWaitForATag() throws MachineFailure {
    run(
        bench -> {
          Disk disk = bench.addStuckDisk("xvda", 1);
          List<Io> ios = new ArrayList<>();
          var submitter = bench.submitReads("dd", disk, 2, ios);
          bench.awaitBlocked(submitter, "blk_mq_get_tag");
          disk.markDead();
          bench.await("submitter ended", () -> ios.size() == 2);
          assertEquals(Errno.EIO, ios.get(1).await());
          assertFalse(ios.get(0).isDone());
          assertEquals(Errno.EIO, bench.read(disk, 0, 1).await());
        });
  }

  @Test
  void heldThreadGetsNoAnswersAndStallsOnceItHasAllTags() throws MachineFailure {
    for (long seed = 1; seed <= 20; seed++) {
      BlockBench.run(seed, LinuxBlockCoreTest::holdAndRelease);
    }
  }

  private static void holdAndRelease(BlockBench bench) throws Exception {
    Disk disk = bench.core.attachLoop(RAM, false);
    bench.core.holdCompletions("1.xvda-0");
    List<Io> held = new ArrayList<>();
    var submitter = bench.submitReads("1.xvda-0", disk, 15, held);
    bench.await("all submitted", () -> held.size() == 15);
    // Somebody else's request passes, on the tag that is left.
    assertNull(bench.read(disk, 0, 1).await());
    bench.await("submitter ended", () -> submitter.stack().length == 0);
    List<Io> more = new ArrayList<>();
    var second = bench.submitReads("1.xvda-0", disk, 3, more);
    bench.awaitBlocked(second, "blk_mq_get_tag");
    for (Io io : held) {
      assertFalse(io.isDone());
    }
    bench.core.releaseCompletions();
    for (Io io : held) {
      assertNull(io.await());
    }
    bench.await("second ended", () -> more.size() == 3);
    for (Io io : more) {
      assertNull(io.await());
    }
    bench.core.releaseCompletions();
  }
}
