package dev.xenbus.blkfront;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.blkback.BlkbackDriver;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.vbd.GuestIo;
import dev.xenbus.testkit.vbd.VbdFixture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Both drivers against each other.
class VbdPairTest {
  private static final int SEEDS = 20;
  private static final int DEPTH = 32;

  /// What a test does once both ends are connected.
  private interface Scenario {
    void run(VbdFixture vbd, Disk disk, GuestIo io) throws Exception;
  }

  private static void run(long seed, List<String> back, List<String> front, Scenario scenario)
      throws MachineFailure {
    var machine = new SimulatedMachine(seed);
    machine.run(
        () -> {
          var vbd = new VbdFixture(machine, "w");
          vbd.startBackend(new BlkbackDriver(), back.toArray(String[]::new));
          vbd.startFrontend(new BlkfrontDriver(), front.toArray(String[]::new));
          vbd.hotplug("ram:4M");
          Disk disk = vbd.awaitDisk();
          scenario.run(vbd, disk, new GuestIo(vbd.guest().cpu(), disk));
          assertEquals(List.of(), vbd.faults());
          return true;
        });
  }

  private static void run(Scenario scenario) throws MachineFailure {
    run(1, List.of(), List.of(), scenario);
  }

  private static byte[] marks(long sector, int sectors, int mark) {
    byte[] marks = new byte[sectors];
    for (int i = 0; i < sectors; i++) {
      marks[i] = GuestIo.value(sector + i, mark);
    }
    return marks;
  }

  private static String node(VbdFixture vbd, String path) {
    return vbd.store().read(path).orElse("absent");
  }

  // --- data -----------------------------------------------------------------------------------

  @Test
  void diskAppearsAndBothEndsAreConnected() throws MachineFailure {
    run(
        (vbd, disk, io) -> {
          vbd.awaitState(VbdFixture.BACK, XenbusState.CONNECTED);
          vbd.awaitState(VbdFixture.FRONT, XenbusState.CONNECTED);
          assertEquals(8192, disk.sectors());
          assertEquals(List.of(), vbd.back().errors());
          assertEquals(List.of(), vbd.front().errors());
        });
  }

  @Test
  void whatIsWrittenIsReadBackAtDepthThirtyTwo() throws MachineFailure {
    for (long seed = 1; seed <= SEEDS; seed++) {
      String persistent = "feature_persistent=" + seed % 2;
      run(seed, List.of(), List.of(persistent), (vbd, disk, io) -> writeAndReadBack(io));
    }
  }

  private static void writeAndReadBack(GuestIo io) {
    List<GuestIo.Pending> writes = new ArrayList<>();
    for (int i = 0; i < DEPTH; i++) {
      writes.add(io.write(i * 40L, 1 + i, i));
    }
    for (GuestIo.Pending write : writes) {
      assertNull(write.await());
    }
    List<GuestIo.Pending> reads = new ArrayList<>();
    for (int i = 0; i < DEPTH; i++) {
      reads.add(io.read(i * 40L, 1 + i));
    }
    for (int i = 0; i < DEPTH; i++) {
      assertNull(reads.get(i).await());
      assertArrayEquals(marks(i * 40L, 1 + i, i), reads.get(i).marks());
    }
  }

  @Test
  void queuesAndRingPagesAreSharedOut() throws MachineFailure {
    for (long seed = 1; seed <= SEEDS; seed++) {
      run(
          seed,
          List.of("max_queues=3"),
          List.of("max_queues=2", "max_ring_page_order=" + seed % 3),
          (vbd, disk, io) -> {
            writeAndReadBack(io);
            assertEquals("2", node(vbd, VbdFixture.FRONT + "/multi-queue-num-queues"));
          });
    }
  }

  @Test
  void largeRequestsAreIndirectOrSplit() throws MachineFailure {
    for (String indirect : List.of("max_indirect_segments=0", "max_indirect_segments=256")) {
      for (long seed = 1; seed <= 5; seed++) {
        run(seed, List.of(), List.of(indirect), (vbd, disk, io) -> writeAndReadLarge(io));
      }
    }
  }

  private static void writeAndReadLarge(GuestIo io) {
    assertNull(io.write(3, 2500, 1).await());
    assertNull(io.write(1000, 1, 2).await());
    GuestIo.Pending read = io.read(3, 2500);
    assertNull(read.await());
    byte[] expected = marks(3, 2500, 1);
    expected[997] = GuestIo.value(1000, 2);
    assertArrayEquals(expected, read.marks());
  }

  @Test
  void flushAndDiscardReachTheDisk() throws MachineFailure {
    run(
        (vbd, disk, io) -> {
          assertNull(io.write(0, 16, 1).await());
          assertNull(io.other(Operation.FLUSH, 0, 0).await());
          assertNull(io.other(Operation.DISCARD, 0, 8).await());
          GuestIo.Pending read = io.read(7, 2);
          assertNull(read.await());
          assertArrayEquals(new byte[] {0, GuestIo.value(8, 1)}, read.marks());
          assertEquals(Errno.EOPNOTSUPP, io.other(Operation.SECURE_ERASE, 0, 8).await());
          assertEquals("1\n", vbd.back().attribute("statistics/f_req"));
          assertEquals("1\n", vbd.back().attribute("statistics/ds_req"));
        });
  }

  @Test
  void diskThatCannotFlushAfterAllIsNotAskedAgain() throws MachineFailure {
    var machine = new SimulatedMachine(1);
    machine.run(
        () -> {
          var vbd = new VbdFixture(machine, "w");
          vbd.startBackend(new BlkbackDriver());
          vbd.startFrontend(new BlkfrontDriver());
          vbd.hotplug(diskThatCanDoNothing(vbd));
          Disk disk = vbd.awaitDisk();
          var io = new GuestIo(vbd.guest().cpu(), disk);
          assertNull(io.other(Operation.FLUSH, 0, 0).await());
          assertNull(io.other(Operation.FLUSH, 0, 0).await());
          String feature = VbdFixture.BACK + "/feature-flush-cache";
          vbd.await("feature withdrawn", () -> node(vbd, feature).equals("0"));
          assertEquals("1\n", vbd.back().attribute("statistics/f_req"));
          assertEquals(Errno.EOPNOTSUPP, io.other(Operation.DISCARD, 0, 8).await());
          assertEquals(Errno.EOPNOTSUPP, io.other(Operation.DISCARD, 0, 8).await());
          assertEquals("1\n", vbd.back().attribute("statistics/ds_req"));
          return true;
        });
  }

  private static Disk diskThatCanDoNothing(VbdFixture vbd) throws KernelException {
    var options = new DiskOptions(64, 512, 512, 4, false, true, true, false);
    return vbd.dom0()
        .block()
        .addDisk(
            "sda",
            new DeviceNumber(8, 0),
            options,
            request -> request.done().completed(Errno.EOPNOTSUPP));
  }

  @Test
  void readOnlyDiskIsReadOnlyInTheGuest() throws MachineFailure {
    var machine = new SimulatedMachine(1);
    machine.run(
        () -> {
          var vbd = new VbdFixture(machine, "r");
          vbd.store().write(VbdFixture.FRONT + "/device-type", "cdrom");
          vbd.startBackend(new BlkbackDriver());
          vbd.startFrontend(new BlkfrontDriver());
          vbd.hotplug("ram:1M");
          Disk disk = vbd.awaitDisk();
          assertTrue(disk.options().readOnly());
          assertTrue(disk.options().cdrom());
          var io = new GuestIo(vbd.guest().cpu(), disk);
          assertEquals(Errno.EIO, io.write(0, 1, 1).await());
          assertNull(io.read(0, 1).await());
          return true;
        });
  }

  @Test
  void newSizeIsSeenInTheGuest() throws MachineFailure {
    run(
        (vbd, disk, io) -> {
          vbd.awaitState(VbdFixture.FRONT, XenbusState.CONNECTED);
          vbd.dom0().block().disk("loop0").orElseThrow().sectors(100);
          vbd.await("new size", () -> disk.sectors() == 100);
          assertEquals(Errno.EIO, io.read(100, 1).await());
          assertNull(io.read(99, 1).await());
        });
  }

  // --- end ------------------------------------------------------------------------------------

  @Test
  void detachedDiskFailsWhatComesLaterAndLeavesNothingBehind() throws MachineFailure {
    for (long seed = 1; seed <= SEEDS; seed++) {
      String persistent = "feature_persistent=" + seed % 2;
      run(seed, List.of(), List.of(persistent), VbdPairTest::detach);
    }
  }

  private static void detach(VbdFixture vbd, Disk disk, GuestIo io) {
    List<GuestIo.Pending> under = new ArrayList<>();
    for (int i = 0; i < DEPTH; i++) {
      under.add(io.write(i * 8L, 8, i));
    }
    vbd.detach();
    vbd.awaitState(VbdFixture.BACK, XenbusState.CLOSED);
    assertEquals(Errno.EIO, io.read(0, 1).await());
    vbd.await("backend unbound", () -> !vbd.back().isBound());
    vbd.guest().post(() -> vbd.front().unregister());
    vbd.await("frontend unbound", () -> !vbd.front().isBound());
    under.forEach(GuestIo.Pending::await);
    assertTrue(vbd.guest().block().disk("xvda").isEmpty());
    vbd.await("all unmapped", () -> vbd.dom0().mappedCount() == 0);
    // What was mapped when it was taken back is looked at again each second.
    vbd.await("all taken back", () -> vbd.guest().givenCount() == 0);
    assertEquals(0, vbd.guest().pages().inUse());
  }

  @Test
  void resumedGuestSeesNoError() throws MachineFailure {
    for (long seed = 1; seed <= SEEDS; seed++) {
      run(seed, List.of(), List.of(), VbdPairTest::suspendAndResume);
    }
  }

  private static void suspendAndResume(VbdFixture vbd, Disk disk, GuestIo io) {
    vbd.awaitState(VbdFixture.FRONT, XenbusState.CONNECTED);
    List<GuestIo.Pending> under = new ArrayList<>();
    for (int i = 0; i < DEPTH; i++) {
      under.add(io.write(i * 100L, 100, i));
    }
    // Elsewhere a new backend waits; here the old one has to be closed first.
    vbd.front().suspend();
    vbd.store().write(VbdFixture.FRONT + "/state", "6");
    vbd.awaitState(VbdFixture.BACK, XenbusState.CLOSED);
    vbd.settle();
    vbd.store().write(VbdFixture.FRONT + "/state", "1");
    vbd.awaitState(VbdFixture.BACK, XenbusState.INIT_WAIT);
    vbd.guest().post(() -> vbd.front().resume(() -> resume(vbd)));
    for (GuestIo.Pending write : under) {
      assertNull(write.await());
    }
    for (int i = 0; i < DEPTH; i++) {
      GuestIo.Pending read = io.read(i * 100L, 100);
      assertNull(read.await());
      assertArrayEquals(marks(i * 100L, 100, i), read.marks());
    }
  }

  private static void resume(VbdFixture vbd) {
    try {
      vbd.frontend().resume();
    } catch (KernelException e) {
      throw new IllegalStateException(e);
    }
  }

  // --- errors ---------------------------------------------------------------------------------

  /// C53: the frontend cannot connect and says Closing, and so does the backend: that is where they
  /// stay, also if the toolstack asks for it, until the device goes.
  @Test
  void c53FatalErrorLeavesBothEndsInClosing() throws MachineFailure {
    for (long seed = 1; seed <= SEEDS; seed++) {
      var machine = new SimulatedMachine(seed);
      machine.run(
          () -> {
            var vbd = new VbdFixture(machine, "w");
            vbd.startBackend(new BlkbackDriver());
            vbd.startFrontend(new BlkfrontDriver());
            vbd.awaitState(VbdFixture.FRONT, XenbusState.INITIALISED);
            vbd.settle();
            AtomicBoolean isHeld = new AtomicBoolean(true);
            vbd.guest().post(() -> vbd.await("release", () -> !isHeld.get()));
            vbd.hotplug("ram:4M");
            vbd.awaitState(VbdFixture.BACK, XenbusState.CONNECTED);
            vbd.store().write(VbdFixture.BACK + "/sectors", "x");
            isHeld.set(false);
            vbd.awaitState(VbdFixture.BACK, XenbusState.CLOSING);
            assertBothClosing(vbd);
            assertTrue(vbd.front().errors().getFirst().startsWith("22 reading backend fields"));
            vbd.detach();
            assertBothClosing(vbd);
            vbd.store().remove(VbdFixture.FRONT);
            vbd.await("the backend lets go", () -> !vbd.back().isBound());
            assertEquals(List.of(), vbd.faults());
            return true;
          });
    }
  }

  private static void assertBothClosing(VbdFixture vbd) {
    vbd.settle();
    Task.sleep(100_000_000_000L);
    assertEquals("5", node(vbd, VbdFixture.FRONT + "/state"));
    assertEquals("5", node(vbd, VbdFixture.BACK + "/state"));
  }

  // --- pages ----------------------------------------------------------------------------------

  @Test
  void shortageOfPagesDelaysAndLosesNothing() throws MachineFailure {
    run(
        (vbd, disk, io) -> {
          vbd.guest().pages().limit(vbd.guest().pages().inUse() + 20);
          writeAndReadBack(io);
        });
  }

  @Test
  void idleGuestGivesItsPagesBack() throws MachineFailure {
    run(
        (vbd, disk, io) -> {
          writeAndReadBack(io);
          // The backend lets go after a minute, and the frontend looks every ten seconds.
          Task.sleep(90_000_000_000L);
          assertEquals(1, vbd.guest().pages().inUse());
          writeAndReadBack(io);
        });
  }
}
