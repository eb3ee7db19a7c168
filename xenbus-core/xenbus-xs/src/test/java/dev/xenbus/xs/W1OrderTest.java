package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// W1: callbacks of one watch for one guest run one at a time and in the order of arrival, whatever
/// happens to the guest's thread.
class W1OrderTest {
  private static final int GUESTS = 3;

  private final List<List<String>> expected = new ArrayList<>();

  private void begin() {
    expected.clear();
    for (int guest = 1; guest <= GUESTS; guest++) {
      expected.add(new ArrayList<>());
    }
  }

  private void writeAll(XsBench bench, int from, int to) {
    for (int i = from; i < to; i++) {
      for (int guest = 1; guest <= GUESTS; guest++) {
        String path = "x/" + guest + "/n" + i;
        expected.get(guest - 1).add(path);
        bench.store.write("/local/domain/0/" + path, "");
      }
    }
  }

  private void check(Recorder seen) {
    for (int guest = 1; guest <= GUESTS; guest++) {
      assertEquals(expected.get(guest - 1), seen.pathsBelow("x/" + guest + "/"));
    }
    assertEquals(List.of(), seen.overlaps());
  }

  private static String guestOf(String path) {
    return path.contains("/") ? path.split("/", -1)[1] : "";
  }

  /// Without devices the thread ends whenever it has nothing to do, and the next event makes a new
  /// one.
  @Test
  void acrossThreadsThatStartAndEndAllTheTime() {
    TestMachines.everywhere(
        machine -> {
          begin();
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.xs.watch("x", XsBench.byPath(), path -> seen.note(path, W1OrderTest::guestOf));
            for (int round = 0; round < 5; round++) {
              writeAll(bench, round * 4, round * 4 + 4);
              if (round % 2 == 0) {
                bench.await(() -> bench.threads().stream().noneMatch(t -> t.contains("mtwatch-")));
              }
            }
            bench.await(() -> seen.count() == 1 + 20 * GUESTS);
            check(seen);
          }
        });
  }

  /// Devices come and go, so the domid is reused again and again.
  @Test
  void acrossDevicesThatComeAndGo() {
    TestMachines.everywhere(
        machine -> {
          begin();
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.xs.watch("x", XsBench.byPath(), path -> seen.note(path, W1OrderTest::guestOf));
            for (int i = 0; i < 12; i++) {
              bench.xs.deviceAdded(Domid.of(1 + i % GUESTS));
              writeAll(bench, i, i + 1);
              bench.xs.deviceRemoved(Domid.of(1 + i % GUESTS));
            }
            bench.await(() -> seen.count() == 1 + 12 * GUESTS);
            check(seen);
          }
        });
  }

  /// The thread of one guest cannot be made at first: it falls back, and gets a thread later.
  @Test
  void acrossFallBackToTheDefaultThread() {
    TestMachines.everywhere(
        machine -> {
          begin();
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.kernel.failThreads("xen-mtwatch-2", 3);
            bench.xs.watch("x", XsBench.byPath(), path -> seen.note(path, W1OrderTest::guestOf));
            for (int round = 0; round < 6; round++) {
              writeAll(bench, round * 4, round * 4 + 4);
            }
            bench.await(() -> seen.count() == 1 + 24 * GUESTS);
            check(seen);
          }
        });
  }

  @Test
  void behindACallbackThatIsStuck() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
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
            for (int i = 3; i <= 5; i++) {
              bench.store.write("/o/" + i, "");
            }
            gate.open();
            bench.await(() -> seen.count() == 4);
            assertEquals(List.of("/o", "/o/3", "/o/4", "/o/5"), seen.paths());
          }
        });
  }

  /// Routes to guest 1 or to the default thread, as when the driver of a type is loaded and
  /// unloaded.
  private static final class Switched implements WatchOptions.Owner {
    volatile boolean routed = true;

    @Override
    public Domid of(String path) {
      return routed && path.startsWith("/o/") ? Domid.of(1) : Domid.DOM0;
    }

    @Override
    public String laneOf(String path) {
      return path.startsWith("/o/") ? "/o/" : "";
    }
  }

  /// The driver goes while a callback is stuck in the guest's thread, and comes while one is stuck
  /// in the default thread: later events wait behind the stuck one, on its thread.
  @Test
  void acrossADriverThatComesAndGoes() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate inGuest = new TestGate(bench.cpu());
            TestGate inDefault = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            Switched routing = new Switched();
            bench.xs.watch(
                "/o",
                WatchOptions.DEFAULT.with(routing),
                path -> {
                  if (path.equals("/o/1")) {
                    inGuest.pass();
                  } else if (path.equals("/o/4")) {
                    inDefault.pass();
                  }
                  seen.note(path);
                });
            bench.store.write("/o/1", "");
            inGuest.awaitEntered(1);
            routing.routed = false;
            bench.store.write("/o/2", "");
            bench.store.write("/o/3", "");
            Recorder plain = new Recorder();
            bench.xs.watch("/plain", plain::note);
            bench.await(() -> plain.count() == 1);
            assertEquals(List.of("/o"), seen.paths());
            inGuest.open();
            bench.await(() -> bench.xs.queueCount() == 1);
            bench.store.write("/o/4", "");
            inDefault.awaitEntered(1);
            routing.routed = true;
            bench.store.write("/o/5", "");
            bench.await(() -> bench.queues().get(1).matches("xenwatch +1 .*"));
            inDefault.open();
            bench.await(() -> seen.count() == 6);
            bench.store.write("/o/6", "");
            bench.await(() -> seen.count() == 7);
            assertEquals(
                List.of("/o", "/o/1", "/o/2", "/o/3", "/o/4", "/o/5", "/o/6"), seen.paths());
            String guest = "xen-mtwatch-1";
            assertEquals(
                List.of("xenwatch", guest, guest, guest, "xenwatch", "xenwatch", guest),
                seen.threads());
            assertEquals(List.of(), seen.overlaps());
          }
        });
  }

  /// The routing changes at any moment of a stream of events.
  @Test
  void acrossRoutingThatChangesAllTheTime() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            Switched routing = new Switched();
            bench.xs.watch(
                "/o", WatchOptions.DEFAULT.with(routing), path -> seen.note(path, routing::laneOf));
            List<String> written = new ArrayList<>(List.of("/o"));
            bench.await(() -> seen.count() == 1);
            for (int i = 0; i < 30; i++) {
              routing.routed = i % 3 != 0;
              written.add("/o/" + i);
              bench.store.write("/o/" + i, "");
            }
            bench.await(() -> seen.count() == written.size());
            assertEquals(written, seen.paths());
            assertEquals(List.of(), seen.overlaps());
            bench.await(() -> bench.xs.queueCount() == 1);
          }
        });
  }
}
