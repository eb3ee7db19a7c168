package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.Domid;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import org.junit.jupiter.api.Test;

/// W5: the arrival of a guest's first event makes its queue; a worker starts the thread; that
/// thread runs even the first event, and ends when devices, waiting and running events are none.
class W5FirstEventTest {
  @Test
  void firstEventOfAGuestRunsInItsThreadWhichThenEnds() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.xs.watch("x", XsBench.byPath(), path -> seen.note(path, p -> p));
            bench.await(() -> seen.count() == 1);
            bench.store.write("/local/domain/0/x/7/a", "");
            bench.await(() -> seen.count() == 2);
            assertEquals(List.of("xenwatch", "xen-mtwatch-7"), seen.threads());
            bench.await(() -> !bench.hasThread("xen-mtwatch-7"));
            bench.await(() -> bench.xs.queueCount() == 1);
          }
        });
  }

  /// The first callback is what a probe is: stuck, it harms its guest alone; a device that it
  /// counts keeps the thread after it.
  @Test
  void firstCallbackThatBlocksHarmsItsGuestAlone() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch(
                "x",
                XsBench.byPath(),
                path -> {
                  if (path.equals("x/7/a")) {
                    gate.pass();
                    bench.xs.deviceAdded(Domid.of(7));
                  }
                  seen.note(path, p -> p);
                });
            bench.store.write("/local/domain/0/x/7/a", "");
            gate.awaitEntered(1);
            bench.store.write("/local/domain/0/x/8/a", "");
            bench.store.write("/local/domain/0/plain", "");
            Recorder plain = new Recorder();
            bench.xs.watch("plain", plain::note);
            bench.await(() -> seen.pathsBelow("x/8/").size() == 1 && plain.count() == 1);
            assertEquals(List.of(), seen.pathsBelow("x/7/"));
            gate.open();
            bench.await(() -> seen.pathsBelow("x/7/").size() == 1);
            bench.await(() -> !bench.hasThread("xen-mtwatch-8"));
            assertEquals(true, bench.hasThread("xen-mtwatch-7"));
            bench.xs.deviceRemoved(Domid.of(7));
            bench.await(() -> !bench.hasThread("xen-mtwatch-7"));
          }
        });
  }
}
