package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import org.junit.jupiter.api.Test;

/// W2, W3, W5, W13: a callback blocked for one guest delays nobody else; nothing of a guest is ever
/// on the default list; even the first event runs in the guest's thread, in every kernel that hosts
/// backends.
class W2IsolationTest {
  @Test
  void blockedGuestDelaysNoOtherGuestAndNoDefaultEvent() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch(
                "x",
                XsBench.byPath(),
                path -> {
                  if (path.startsWith("x/1/")) {
                    gate.pass();
                  }
                  seen.note(path, p -> p);
                });
            bench.store.write("/local/domain/0/x/1/a", "");
            gate.awaitEntered(1);
            for (int guest = 1; guest <= 4; guest++) {
              bench.store.write("/local/domain/0/x/" + guest + "/b", "");
            }
            Recorder plain = new Recorder();
            bench.xs.watch("plain", plain::note);
            bench.await(() -> seen.count() == 4 && plain.count() == 1);
            bench.xs.watch("unrelated", path -> {}).close();
            bench.xs.write(XenbusTransaction.NONE, "y", "", "1");
            bench.xs.deviceAdded(Domid.of(9));
            bench.await(() -> bench.hasThread("xen-mtwatch-9"));
            bench.xs.deviceRemoved(Domid.of(9));
            bench.await(() -> bench.threads().stream().noneMatch(t -> t.matches(".*-[2-9]")));
            // W3: one waits for guest 1, and the default list is empty.
            bench.await(() -> !bench.queues().get(1).contains("/"));
            List<String> queues = bench.queues();
            assertTrue(queues.get(1).matches("xenwatch +0 +0 -"), () -> "" + queues);
            assertTrue(queues.get(2).matches("xen-mtwatch-1 +1 +\\d+ x/1/a"), () -> "" + queues);
            gate.open();
            bench.await(() -> seen.count() == 6);
          }
        });
  }

  /// W3: with the default thread stuck, events of guests arrive all the same.
  @Test
  void blockedDefaultThreadDelaysNoGuest() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            bench.xs.watch("slow", path -> gate.pass());
            gate.awaitEntered(1);
            Recorder seen = new Recorder();
            bench.xs.watch("/o", XsBench.ownedBy(2), seen::note);
            for (int i = 0; i < 10; i++) {
              bench.store.write("/o/" + i, "");
            }
            bench.await(() -> seen.count() == 11);
            assertEquals(List.of("xen-mtwatch-2"), seen.threads().stream().distinct().toList());
            gate.open();
          }
        });
  }

  @Test
  void firstEventRunsInTheGuestsThread() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.xs.watch("x", XsBench.byPath(), path -> seen.note(path, p -> p));
            bench.await(() -> seen.count() == 1);
            bench.store.write("/local/domain/0/x/7/a", "");
            bench.await(() -> seen.count() == 2);
            assertEquals(List.of("xenwatch", "xen-mtwatch-7"), seen.threads());
          }
        });
  }

  @Test
  void driverDomainHasThreadsToo() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Domid.of(5), Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.xs.watch("/o", XsBench.ownedBy(7), seen::note);
            bench.await(() -> seen.count() == 1);
            assertEquals(List.of("xen-mtwatch-7"), seen.threads());
          }
        });
  }

  @Test
  void reservedDomidsHaveNoThread() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.xs.watch("/a", XsBench.ownedBy(0), seen::note);
            bench.xs.watch("/b", XsBench.ownedBy(Domid.FIRST_RESERVED), seen::note);
            bench.await(() -> seen.count() == 2);
            assertEquals(List.of("xenwatch", "xenwatch"), seen.threads());
          }
        });
  }
}
