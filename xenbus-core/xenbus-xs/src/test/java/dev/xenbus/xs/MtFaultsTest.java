package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The known faults of the published version of the summit, each pinned: the series is free of
/// them, `summit` shows those that it keeps on purpose (MT-2, MT-6, MT-10). MT-5, MT-8, MT-9: see
/// W6, W9, W4.
class MtFaultsTest {
  private static void makeUp(XsBench bench, Mtwatch mtwatch, int domid) {
    if (mtwatch == Mtwatch.SUMMIT) {
      bench.introduce(domid);
    } else {
      bench.xs.deviceAdded(Domid.of(domid));
    }
  }

  /// Lets time go by in which something might happen that must not.
  private static void aWhile(Machine machine) {
    Task.sleep(machine.isSimulated() ? 3_000_000_000L : 10_000_000L);
  }

  /// MT-1: put at the head and taken from the head, the order is reversed.
  @ParameterizedTest
  @EnumSource(names = {"SERIES", "SUMMIT"})
  void mt1OrderIsKept(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            makeUp(bench, mtwatch, 3);
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch(
                "/o",
                XsBench.ownedBy(3),
                path -> {
                  gate.pass();
                  seen.note(path);
                });
            gate.awaitEntered(1);
            for (int state = 3; state <= 5; state++) {
              bench.store.write("/o/" + state, "");
            }
            gate.open();
            bench.await(() -> seen.count() == 4);
            assertEquals(List.of("/o", "/o/3", "/o/4", "/o/5"), seen.paths());
            assertEquals(List.of("xen-mtwatch-3"), seen.threads().stream().distinct().toList());
          }
        });
  }

  /// MT-2: three guests are up before the kernel looks, and one event comes: how many threads?
  @Test
  void mt2SummitFindsOneDomainAnEvent() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SUMMIT)) {
            for (int domid = 1; domid <= 3; domid++) {
              bench.store.write("/local/domain/" + domid + "/name", "guest");
            }
            bench.store.special("@introduceDomain");
            bench.await(() -> bench.hasThread("xen-mtwatch-1"));
            Recorder settled = new Recorder();
            bench.xs.watch("/settled", settled::note);
            bench.await(() -> settled.count() == 1);
            aWhile(machine);
            assertFalse(bench.hasThread("xen-mtwatch-2"));
            assertFalse(bench.hasThread("xen-mtwatch-3"));
          }
        });
  }

  @Test
  void mt2SeriesServesEveryGuest() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            for (int domid = 1; domid <= 3; domid++) {
              bench.xs.watch("/o" + domid, XsBench.ownedBy(domid), p -> seen.note(p, q -> q));
            }
            bench.await(() -> seen.count() == 3);
            assertEquals(
                List.of("xen-mtwatch-1", "xen-mtwatch-2", "xen-mtwatch-3"),
                seen.threads().stream().sorted().toList());
          }
        });
  }

  /// MT-3: the domid is used again while the old guest's callback is stuck. The new guest queues
  /// behind, on the guest's thread.
  @Test
  void mt3NewGuestQueuesBehindTheStuckOne() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.deviceAdded(Domid.of(2));
            bench.xs.watch("/old", XsBench.ownedBy(2), path -> gate.pass());
            gate.awaitEntered(1);
            bench.xs.deviceRemoved(Domid.of(2));
            bench.xs.deviceAdded(Domid.of(2));
            bench.xs.watch("/new", XsBench.ownedBy(2), seen::note);
            Recorder plain = new Recorder();
            bench.xs.watch("/plain", plain::note);
            bench.await(() -> plain.count() == 1);
            assertEquals(0, seen.count());
            gate.open();
            bench.await(() -> seen.count() == 1);
            assertEquals(List.of("xen-mtwatch-2"), seen.threads());
            bench.xs.deviceRemoved(Domid.of(2));
          }
        });
  }

  /// MT-4: stuck, then down, then another event: it must not overtake.
  @ParameterizedTest
  @EnumSource(names = {"SERIES", "SUMMIT"})
  void mt4NothingOvertakesOnADownDomain(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            makeUp(bench, mtwatch, 3);
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch(
                "/o",
                XsBench.ownedBy(3),
                path -> {
                  gate.pass();
                  seen.note(path);
                });
            gate.awaitEntered(1);
            bench.store.write("/o/1", "");
            if (mtwatch == Mtwatch.SUMMIT) {
              bench.store.remove("/local/domain/3");
              bench.store.special("@releaseDomain");
            } else {
              bench.xs.deviceRemoved(Domid.of(3));
            }
            bench.store.write("/o/2", "");
            Recorder plain = new Recorder();
            bench.xs.watch("/plain", plain::note);
            bench.await(() -> plain.count() == 1);
            gate.open();
            bench.await(() -> seen.count() == 3);
            assertEquals(List.of("/o", "/o/1", "/o/2"), seen.paths());
            assertEquals(List.of(), seen.overlaps());
            bench.await(() -> !bench.hasThread("xen-mtwatch-3"));
          }
        });
  }

  /// MT-6: closing a watch without an owner while guest 2 is stuck.
  @Test
  void mt6SeriesClosesAnOwnerlessWatchAtOnce() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            bench.xs.watch("/o", XsBench.ownedBy(2), path -> gate.pass());
            gate.awaitEntered(1);
            bench.xs.watch("x", XsBench.byPath(), path -> {}).close();
            gate.open();
          }
        });
  }

  @Test
  void mt6SummitWaitsForTheStuckGuest() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SUMMIT)) {
            bench.introduce(2);
            TestGate gate = new TestGate(bench.cpu());
            bench.xs.watch("/o", XsBench.ownedBy(2), path -> gate.pass());
            gate.awaitEntered(1);
            XenbusWatch ownerless = bench.xs.watch("x", XsBench.byPath(), path -> {});
            AtomicBoolean closed = new AtomicBoolean();
            Task closer =
                bench.spawn(
                    "closer",
                    () -> {
                      ownerless.close();
                      closed.set(true);
                    });
            bench.await(() -> closer.wchan().contains("unregister"));
            aWhile(machine);
            assertFalse(closed.get());
            gate.open();
            closer.stop();
            assertTrue(closed.get());
          }
        });
  }

  /// MT-10: a driver domain has no threads in the version of the summit (in the series: W13).
  @Test
  void mt10SummitLeavesDriverDomainsOut() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Domid.of(5), Mtwatch.SUMMIT)) {
            bench.store.write("/local/domain/7/name", "guest");
            bench.store.special("@introduceDomain");
            Recorder seen = new Recorder();
            bench.xs.watch("/o", XsBench.ownedBy(7), seen::note);
            bench.await(() -> seen.count() == 1);
            assertEquals(List.of("xenwatch"), seen.threads());
          }
        });
  }

  /// MT-10: in the series a driver domain has threads, and a stuck guest stops itself alone.
  @Test
  void mt10SeriesHasThreadsInADriverDomain() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Domid.of(5), Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch("/slow", XsBench.ownedBy(7), path -> gate.pass());
            gate.awaitEntered(1);
            bench.xs.watch("/o", XsBench.ownedBy(8), seen::note);
            bench.await(() -> seen.count() == 1);
            assertEquals(List.of("xen-mtwatch-8"), seen.threads());
            gate.open();
          }
        });
  }

  /// Its two watches for domains are there before anybody can use the store: whoever counts the
  /// kernel's watches later counts them too.
  @Test
  void summitWatchesForDomainsFromTheStart() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SUMMIT)) {
            assertEquals(2, bench.watchesAtStart);
          }
        });
  }

  /// The version of the summit hands events out from the default thread: stuck, it stops them all.
  @Test
  void summitStopsWithItsDefaultThread() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SUMMIT)) {
            bench.introduce(2);
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch("slow", path -> gate.pass());
            gate.awaitEntered(1);
            bench.xs.watch("/o", XsBench.ownedBy(2), seen::note);
            aWhile(machine);
            assertEquals(0, seen.count());
            gate.open();
            bench.await(() -> seen.count() == 1);
            assertEquals(List.of("xen-mtwatch-2"), seen.threads());
          }
        });
  }
}
