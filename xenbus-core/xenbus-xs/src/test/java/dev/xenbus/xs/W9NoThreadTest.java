package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import org.junit.jupiter.api.Test;

/// W9 and MT-8: a thread that cannot be made.
class W9NoThreadTest {
  private static long warnings(XsBench bench) {
    return bench.kernel.logTexts().stream()
        .filter(line -> line.contains("xen-mtwatch-2 cannot be started"))
        .count();
  }

  @Test
  void queueGoesToTheDefaultThreadInOrderWithOneWarning() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            bench.kernel.failThreads("xen-mtwatch-2", 1);
            bench.xs.watch("slow", path -> gate.pass());
            gate.awaitEntered(1);
            Recorder seen = new Recorder();
            bench.xs.watch("/o", XsBench.ownedBy(2), seen::note);
            for (int i = 0; i < 5; i++) {
              bench.store.write("/o/" + i, "");
            }
            bench.await(() -> warnings(bench) == 1);
            for (int i = 5; i < 10; i++) {
              bench.store.write("/o/" + i, "");
            }
            // All of them have come in when this reply has: else the entry could end in between.
            bench.xs.exists(XenbusTransaction.NONE, "/o", "");
            gate.open();
            bench.await(() -> seen.count() == 11);
            assertEquals("/o", seen.paths().getFirst());
            for (int i = 0; i < 10; i++) {
              assertEquals("/o/" + i, seen.paths().get(i + 1));
            }
            assertEquals(List.of("xenwatch"), seen.threads().stream().distinct().toList());
            assertEquals(1, warnings(bench));
          }
        });
  }

  /// The entry ends with its last event or device; the next one has a thread again.
  @Test
  void nextEntryGetsAThreadAgain() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            bench.kernel.failThreads("xen-mtwatch-2", 1);
            Recorder seen = new Recorder();
            bench.xs.deviceAdded(Domid.of(2));
            bench.await(() -> warnings(bench) == 1);
            bench.xs.watch("/o", XsBench.ownedBy(2), seen::note);
            bench.await(() -> seen.count() == 1);
            bench.store.write("/o/1", "");
            bench.await(() -> seen.count() == 2 && !bench.queues().get(1).contains("/"));
            assertFalse(bench.hasThread("xen-mtwatch-2"));
            bench.xs.deviceRemoved(Domid.of(2));
            // The last callback may not have been counted out when it was seen.
            bench.await(() -> bench.queues().size() == 2);
            bench.xs.watch("/end", path -> seen.note("end"));
            bench.await(() -> seen.count() == 3);
            bench.store.write("/o/2", "");
            bench.await(() -> seen.count() == 4);
            assertEquals(
                List.of("xenwatch", "xenwatch", "xenwatch", "xen-mtwatch-2"), seen.threads());
          }
        });
  }

  /// Closing a watch whose events have fallen back purges them and lets the entry end.
  @Test
  void fallenBackEventsArePurged() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            bench.kernel.failThreads("xen-mtwatch-2", 1);
            bench.xs.watch("slow", path -> gate.pass());
            gate.awaitEntered(1);
            Recorder seen = new Recorder();
            XenbusWatch watch = bench.xs.watch("/o", XsBench.ownedBy(2), seen::note);
            bench.await(() -> warnings(bench) == 1);
            watch.close();
            Recorder again = new Recorder();
            bench.xs.watch("/p", XsBench.ownedBy(2), again::note);
            bench.await(() -> again.count() == 1);
            assertEquals(List.of("xen-mtwatch-2"), again.threads());
            assertEquals(0, seen.count());
            gate.open();
          }
        });
  }
}
