package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import org.junit.jupiter.api.Test;

/// W4: a thread exists exactly while its guest has a device or an event. MT-9: the reaper against a
/// thread that goes.
class W4LifetimeTest {
  private static final int HEADER_AND_DEFAULT = 2;

  private static void awaitNoGuestThread(XsBench bench) {
    bench.await(() -> bench.queues().size() == HEADER_AND_DEFAULT);
    bench.await(() -> bench.threads().stream().noneMatch(comm -> comm.startsWith("xen-mtwatch")));
  }

  @Test
  void threadStaysWhileThereIsADevice() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            bench.xs.deviceAdded(Domid.of(4));
            bench.xs.deviceAdded(Domid.of(4));
            bench.await(() -> bench.hasThread("xen-mtwatch-4"));
            bench.xs.deviceRemoved(Domid.of(4));
            Recorder seen = new Recorder();
            bench.xs.watch("/o", XsBench.ownedBy(4), seen::note);
            bench.await(() -> seen.count() == 1);
            assertTrue(bench.hasThread("xen-mtwatch-4"));
            bench.xs.deviceRemoved(Domid.of(4));
            awaitNoGuestThread(bench);
          }
        });
  }

  /// A dying guest's queue is drained: nothing is dropped because its last device went.
  @Test
  void queueIsDrainedBeforeTheThreadEnds() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.deviceAdded(Domid.of(4));
            bench.xs.watch(
                "/o",
                XsBench.ownedBy(4),
                path -> {
                  gate.pass();
                  seen.note(path);
                });
            gate.awaitEntered(1);
            for (int i = 0; i < 5; i++) {
              bench.store.write("/o/" + i, "");
            }
            bench.xs.deviceRemoved(Domid.of(4));
            gate.open();
            bench.await(() -> seen.count() == 6);
            awaitNoGuestThread(bench);
            assertEquals(List.of("xen-mtwatch-4"), seen.threads().stream().distinct().toList());
          }
        });
  }

  @Test
  void threadMayRemoveItsOwnLastDevice() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            for (int round = 0; round < 10; round++) {
              Recorder seen = new Recorder();
              bench.xs.deviceAdded(Domid.of(4));
              XenbusWatch watch =
                  bench.xs.watch(
                      "/o",
                      XsBench.ownedBy(4),
                      path -> {
                        bench.xs.deviceRemoved(Domid.of(4));
                        seen.note(path);
                      });
              bench.await(() -> seen.count() == 1);
              watch.close();
            }
            awaitNoGuestThread(bench);
          }
        });
  }

  @Test
  void eventThatIsPurgedBeforeTheThreadStartsLeavesNothing() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            for (int round = 0; round < 20; round++) {
              bench.xs.watch("/o", XsBench.ownedBy(4), path -> {}).close();
            }
            awaitNoGuestThread(bench);
            assertEquals(0, bench.xs.watchCount());
          }
        });
  }

  @Test
  void manyRoundsOfManyGuestsLeaveNothing() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.xs.watch("x", XsBench.byPath(), path -> seen.note(path, p -> p));
            int before = machine.tasks().size();
            for (int round = 0; round < 2000; round++) {
              int guest = 1 + round % 7;
              bench.xs.deviceAdded(Domid.of(guest));
              bench.store.write("/local/domain/0/x/" + guest + "/" + round, "");
              bench.xs.deviceRemoved(Domid.of(guest));
            }
            bench.await(() -> seen.count() == 2001);
            awaitNoGuestThread(bench);
            // One more may be the worker that starts and reaps.
            bench.await(() -> machine.tasks().size() <= before + 1);
          }
        });
  }
}
