package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.Domid;
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
}
