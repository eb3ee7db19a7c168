package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/// W3: an event routed to a guest is never on the default list, not even for a moment.
class W3NotOnDefaultTest {
  private static final int GUESTS = 3;

  /// The default thread is stuck throughout: whatever were put on its list would stay there.
  @Test
  void stuckDefaultThreadKeepsNoEventOfAGuest() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch("x", XsBench.byPath(), path -> seen.note(path, p -> p));
            bench.await(() -> seen.count() == 1);
            bench.xs.watch("stuck", path -> gate.pass());
            gate.awaitEntered(1);
            for (int i = 0; i < 5; i++) {
              for (int guest = 1; guest <= GUESTS; guest++) {
                bench.store.write("/local/domain/0/x/" + guest + "/" + i, "");
              }
            }
            bench.await(() -> seen.count() == 1 + 5 * GUESTS);
            assertTrue(
                bench.queues().get(1).matches("xenwatch +0 +\\d+ stuck"),
                () -> "" + bench.queues());
            assertEquals(
                List.of("xen-mtwatch-1", "xen-mtwatch-2", "xen-mtwatch-3"),
                seen.threads().stream().skip(1).distinct().sorted().toList());
            gate.open();
          }
        });
  }

  /// The default list is looked at after each event is written, while threads start, run and end.
  @Test
  void defaultListIsEmptyWhileThreadsComeAndGo() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder seen = new Recorder();
            bench.xs.watch("x", XsBench.byPath(), path -> seen.note(path, p -> p));
            bench.await(() -> seen.count() == 1);
            List<String> wrong = new CopyOnWriteArrayList<>();
            for (int i = 0; i < 15; i++) {
              int guest = 1 + i % GUESTS;
              bench.xs.deviceAdded(Domid.of(guest));
              bench.store.write("/local/domain/0/x/" + guest + "/" + i, "");
              bench.xs.deviceRemoved(Domid.of(guest));
              String line = bench.queues().get(1);
              if (line.contains("x/") || !line.matches("xenwatch +0 .*")) {
                wrong.add(line);
              }
            }
            bench.await(() -> seen.count() == 16);
            assertEquals(List.of(), wrong);
          }
        });
  }
}
