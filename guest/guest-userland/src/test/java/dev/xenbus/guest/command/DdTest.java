package dev.xenbus.guest.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.guest.TestGuest;
import dev.xenbus.guest.TestGuest.Outcome;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.MachineFailure;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `dd`, `sha256sum` and `cmp` on disks in memory.
class DdTest {
  private static final int DISK_BYTES = 1 << 20;

  /// A disk in memory that completes when the test or a full house says so.
  private static final class MemoryDisk {
    final byte[] content = new byte[DISK_BYTES];
    final ArrayDeque<BlockRequest> waiting = new ArrayDeque<>();
    int batch;
    int most;
    int flushes;
    boolean isBroken;

    MemoryDisk(Kernel kernel, String name, int minor, int batch) throws KernelException {
      this.batch = batch;
      kernel
          .block()
          .addDisk(
              name,
              new DeviceNumber(202, minor),
              new DiskOptions(DISK_BYTES / 512, 512, 512, 64, false, true, false, false),
              this::queue);
    }

    private void queue(BlockRequest request) {
      waiting.add(request);
      most = Math.max(most, waiting.size());
      boolean isFlush = request.operation() == BlockRequest.Operation.FLUSH;
      if (waiting.size() >= batch || isFlush) {
        while (!waiting.isEmpty()) {
          finish(waiting.removeLast());
        }
      }
    }

    private void finish(BlockRequest request) {
      long at = request.sector() * 512;
      for (BlockRequest.Segment segment : request.segments()) {
        MemorySegment piece = segment.page().asSlice(segment.offset(), segment.length());
        if (request.operation() == BlockRequest.Operation.READ) {
          MemorySegment.copy(content, (int) at, piece, ValueLayout.JAVA_BYTE, 0, segment.length());
        } else {
          MemorySegment.copy(piece, ValueLayout.JAVA_BYTE, 0, content, (int) at, segment.length());
        }
        at += segment.length();
      }
      flushes += request.operation() == BlockRequest.Operation.FLUSH ? 1 : 0;
      request.done().completed(isBroken ? Errno.EIO : null);
    }
  }

  private static Outcome dd(Kernel kernel, String operands) {
    return TestGuest.run(kernel, new Dd(), operands.split(" ", -1));
  }

  @Test
  void zeroesFillADiskAndTheSummaryIsThatOfCoreutils() throws MachineFailure {
    TestGuest.play(
        kernel -> {
          MemoryDisk disk = new MemoryDisk(kernel, "xvda", 0, 1);
          java.util.Arrays.fill(disk.content, (byte) 1);
          Outcome dd = dd(kernel, "if=/dev/zero of=/dev/xvda bs=4k count=16 conv=fsync");
          assertEquals(0, dd.exit());
          assertTrue(
              dd.err()
                  .startsWith(
                      "16+0 records in\n16+0 records out\n65536 bytes (66 kB, 64 KiB) copied, "),
              dd.err());
          assertEquals(0, disk.content[65_535]);
          assertEquals(1, disk.content[65_536]);
          assertEquals(1, disk.flushes);
          assertEquals(0, kernel.pages().inUse());
          assertEquals(0, kernel.block().disk("xvda").orElseThrow().openers());
        });
  }

  @Test
  void depthKeepsRequestsUnderWay() throws MachineFailure {
    TestGuest.play(
        kernel -> {
          MemoryDisk disk = new MemoryDisk(kernel, "xvda", 0, 32);
          assertEquals(0, dd(kernel, "if=/dev/xvda of=/dev/null bs=4k count=64 depth=32").exit());
          assertEquals(32, disk.most);
        });
  }

  @Test
  void copyIsTheSameInAnyOrder() throws MachineFailure {
    TestGuest.play(
        kernel -> {
          MemoryDisk a = new MemoryDisk(kernel, "xvda", 0, 8);
          MemoryDisk b = new MemoryDisk(kernel, "xvdb", 16, 1);
          assertEquals(
              0, dd(kernel, "if=/dev/urandom of=/dev/xvda bs=8k depth=8 count=128").exit());
          assertEquals(0, dd(kernel, "if=/dev/xvda of=/dev/xvdb bs=8k depth=8").exit());
          a.batch = 1;
          assertEquals(-1, java.util.Arrays.mismatch(a.content, b.content));
          assertEquals(0, TestGuest.run(kernel, new Cmp(), "/dev/xvda", "/dev/xvdb").exit());
          String sums = TestGuest.run(kernel, new Sha256sum(), "/dev/xvda", "/dev/xvdb").out();
          List<String> lines = sums.lines().map(line -> line.substring(0, 64)).toList();
          assertEquals(lines.getFirst(), lines.getLast());
          b.content[70_000] ^= 1;
          assertTrue(
              TestGuest.run(kernel, new Cmp(), "/dev/xvda", "/dev/xvdb")
                  .out()
                  .startsWith("/dev/xvda /dev/xvdb differ: byte 70001, line "));
          String piece =
              TestGuest.run(kernel, new Sha256sum(), "-i", "69999", "-n", "3", "/dev/xvdb").out();
          assertNotEquals(
              TestGuest.run(kernel, new Sha256sum(), "-i", "69999", "-n", "3", "/dev/xvda").out(),
              piece.replace("xvdb", "xvda"));
        });
  }

  @Test
  void endsOfDisksAreKept() throws MachineFailure {
    TestGuest.play(
        kernel -> {
          new MemoryDisk(kernel, "xvda", 0, 1);
          Outcome full = dd(kernel, "if=/dev/zero of=/dev/xvda bs=64k");
          assertEquals(1, full.exit());
          assertTrue(
              full.err().startsWith("dd: error writing '/dev/xvda': No space left on device\n17+0"),
              full.err());
          Outcome tail = dd(kernel, "if=/dev/xvda of=/dev/null bs=3k skip=341");
          assertTrue(tail.err().startsWith("0+1 records in\n0+1 records out\n1024 bytes"));
          assertTrue(dd(kernel, "if=/dev/xvda of=/dev/null skip=9999").err().startsWith("0+0"));
        });
  }

  @Test
  void errorsNameTheFile() throws MachineFailure {
    TestGuest.play(
        kernel -> {
          MemoryDisk disk = new MemoryDisk(kernel, "xvda", 0, 1);
          disk.isBroken = true;
          assertTrue(
              dd(kernel, "if=/dev/xvda of=/dev/null")
                  .err()
                  .startsWith("dd: error reading '/dev/xvda': Input/output error\n0+0"));
          assertEquals(
              "dd: failed to open '/dev/xvdz': No such file or directory\n",
              dd(kernel, "if=/dev/zero of=/dev/xvdz").err());
          assertTrue(
              dd(kernel, "if=/dev/zero of=/dev/xvda bs=100 count=1")
                  .err()
                  .contains("Invalid argument"));
        });
  }

  @Test
  void wrongOperandsAreTold() throws MachineFailure {
    TestGuest.play(
        kernel -> {
          for (String operands :
              List.of(
                  "if=/dev/zero elephant=1",
                  "if=/dev/zero bs=0",
                  "if=/dev/zero bs=x",
                  "if=/dev/zero bs=1M depth=1000",
                  "if=/dev/zero depth=0",
                  "if=/dev/zero conv=swab",
                  "of=/dev/null")) {
            Outcome dd = dd(kernel, operands);
            assertEquals(1, dd.exit(), operands);
            assertTrue(dd.err().startsWith("dd: "), operands);
          }
        });
  }

  @Test
  void sizesAreReadAndWrittenLikeCoreutils() throws UsageException {
    assertEquals(4096, Sizes.parse("4k"));
    assertEquals(1_000_000, Sizes.parse("1MB"));
    assertEquals(1024, Sizes.parse("2x512"));
    assertEquals("66 kB", Sizes.human(65_536, false));
    assertEquals("64 KiB", Sizes.human(65_536, true));
    assertEquals("1.1 GB", Sizes.human(1 << 30, false));
    assertEquals("1.0 kB", Sizes.human(1000, false));
    assertEquals("40.2 MB/s", Sizes.speed(1_073_741_824, 26.7142));
    assertEquals("544 MB/s", Sizes.speed(10_485_760, 0.0192861));
    assertEquals("0.0192861", Sizes.general(0.0192861));
    assertEquals("26.7142", Sizes.general(26.7142));
    assertEquals("2.8e-05", Sizes.general(0.000028));
    assertEquals("1", Sizes.general(1));
  }
}
