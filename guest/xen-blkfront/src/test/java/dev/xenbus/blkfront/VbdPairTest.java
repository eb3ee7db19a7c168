package dev.xenbus.blkfront;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.blkback.BlkbackDriver;
import dev.xenbus.blktest.GuestIo;
import dev.xenbus.blktest.VbdFixture;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Both drivers against each other.
class VbdPairTest {
  private static final int SEEDS = 30;
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

  private static byte[] marks(long sector, int sectors, int mark) {
    byte[] marks = new byte[sectors];
    for (int i = 0; i < sectors; i++) {
      marks[i] = GuestIo.value(sector + i, mark);
    }
    return marks;
  }

  @Test
  void diskAppearsAndBothEndsAreConnected() throws MachineFailure {
    run(
        1,
        List.of(),
        List.of(),
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
}
