package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.machine.Machine;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// W8: a filter bounds what waits, whosever list it is on (XSA-349).
class W8FloodTest {
  private static final int WRITES = 100_000;
  private static final WatchOptions ONE_FOR_GUEST_3 =
      new WatchOptions(WatchOptions.ONE_PENDING, new WatchOptions.OwnedBy(Domid.of(3)));

  private static void flood(Machine machine, Mtwatch mtwatch, int writes) throws Exception {
    try (XsBench bench = new XsBench(machine, mtwatch)) {
      TestGate gate = new TestGate(bench.cpu());
      AtomicInteger runs = new AtomicInteger();
      AtomicInteger last = new AtomicInteger();
      bench.xs.watch(
          "/s",
          ONE_FOR_GUEST_3,
          path -> {
            gate.pass();
            last.set(Integer.parseInt(bench.store.read("/s").orElse("0")));
            runs.incrementAndGet();
          });
      gate.awaitEntered(1);
      for (int i = 1; i <= writes; i++) {
        bench.store.write("/s", Integer.toString(i));
      }
      // Everything before this reply has come in.
      bench.xs.exists(dev.xenbus.api.XenbusTransaction.NONE, "/s", "");
      for (String line : bench.queues().stream().skip(1).toList()) {
        assertTrue(Integer.parseInt(line.split(" +", -1)[1]) <= 1, () -> "" + bench.queues());
      }
      gate.open();
      bench.await(() -> runs.get() == 2);
      assertEquals(writes, last.get());
    }
  }

  @Test
  void hundredThousandWritesKeepOneEventWaiting() {
    TestMachines.fair(machine -> flood(machine, Mtwatch.SERIES, WRITES));
    TestMachines.live(machine -> flood(machine, Mtwatch.SERIES, WRITES));
  }

  @ParameterizedTest
  @EnumSource(names = {"OFF", "SERIES"})
  void floodLeavesOneWaitingAndTheLastValueIsSeen(Mtwatch mtwatch) {
    TestMachines.everywhere(machine -> flood(machine, mtwatch, 100));
  }
}
