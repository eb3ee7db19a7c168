package dev.xenbus.blkfront;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.xenbus.blkback.BlkbackDriver;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.testkit.vbd.GuestIo;
import dev.xenbus.testkit.vbd.VbdFixture;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Both drivers against each other in real time, with all processors.
class LivePairTest {
  private static final int ROUNDS = 200;
  private static final int DEPTH = 32;

  @Test
  void manyRoundsLoseAndMixUpNothing() throws MachineFailure {
    for (String persistent : List.of("feature_persistent=1", "feature_persistent=0")) {
      var machine = new LiveMachine();
      machine.run(
          () -> {
            var vbd = new VbdFixture(machine, "w");
            vbd.startBackend(new BlkbackDriver());
            vbd.startFrontend(new BlkfrontDriver(), persistent, "max_queues=2");
            vbd.hotplug("ram:4M");
            Disk disk = vbd.awaitDisk();
            GuestIo io = new GuestIo(vbd.guest().cpu(), disk);
            for (int round = 0; round < ROUNDS; round++) {
              round(io, round);
            }
            assertEquals(List.of(), vbd.faults());
            return true;
          });
    }
  }

  private static void round(GuestIo io, int mark) {
    List<GuestIo.Pending> writes = new ArrayList<>();
    for (int i = 0; i < DEPTH; i++) {
      writes.add(io.write(i * 8L, 8, mark));
    }
    for (GuestIo.Pending write : writes) {
      assertNull(write.await());
    }
    List<GuestIo.Pending> reads = new ArrayList<>();
    for (int i = 0; i < DEPTH; i++) {
      reads.add(io.read(i * 8L, 8));
    }
    for (int i = 0; i < DEPTH; i++) {
      assertNull(reads.get(i).await());
      byte[] expected = new byte[8];
      for (int s = 0; s < 8; s++) {
        expected[s] = GuestIo.value(i * 8L + s, mark);
      }
      assertArrayEquals(expected, reads.get(i).marks());
    }
  }
}
