package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.api.XenbusWatch;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// W6 and W7: after closing a watch its callback runs nowhere; and nobody waits for ever.
class W6UnregisterTest {
  private static Task close(XsBench bench, XenbusWatch watch, AtomicBoolean closed)
      throws NoThread {
    return bench.spawn(
        "closer",
        () -> {
          watch.close();
          closed.set(true);
        });
  }

  @Test
  void closeWaitsForTheCallbackInAGuestsThread() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            AtomicInteger runs = new AtomicInteger();
            XenbusWatch watch =
                bench.xs.watch(
                    "/o",
                    XsBench.ownedBy(2),
                    path -> {
                      gate.pass();
                      runs.incrementAndGet();
                    });
            gate.awaitEntered(1);
            bench.store.write("/o/1", "");
            AtomicBoolean closed = new AtomicBoolean();
            Task closer = close(bench, watch, closed);
            bench.await(() -> closer.wchan().contains("unregister"));
            assertFalse(closed.get());
            gate.open();
            closer.stop();
            assertEquals(1, runs.get());
          }
        });
  }

  /// A watch routed to many threads: waits for each that is inside, and for no other.
  @Test
  void closeWaitsForEachThreadInsideAndForNoOther() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate first = new TestGate(bench.cpu());
            TestGate second = new TestGate(bench.cpu());
            TestGate unrelated = new TestGate(bench.cpu());
            bench.xs.watch("/u", XsBench.ownedBy(3), path -> unrelated.pass());
            unrelated.awaitEntered(1);
            XenbusWatch watch =
                bench.xs.watch(
                    "x",
                    XsBench.byPath(),
                    path -> {
                      if (path.startsWith("x/1/")) {
                        first.pass();
                      } else if (path.startsWith("x/2/")) {
                        second.pass();
                      }
                    });
            bench.store.write("/local/domain/0/x/1/a", "");
            bench.store.write("/local/domain/0/x/2/a", "");
            first.awaitEntered(1);
            second.awaitEntered(1);
            AtomicBoolean closed = new AtomicBoolean();
            Task closer = close(bench, watch, closed);
            bench.await(() -> closer.wchan().contains("unregister"));
            second.open();
            bench.await(() -> !bench.hasThread("xen-mtwatch-2"));
            assertFalse(closed.get());
            first.open();
            closer.stop();
            assertTrue(closed.get());
            unrelated.open();
          }
        });
  }

  /// Under schedules: no callback runs once close has returned.
  @Test
  void noCallbackRunsAfterClose() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            for (int round = 0; round < 5; round++) {
              closeAmidEvents(bench);
            }
          }
        });
  }

  private static void closeAmidEvents(XsBench bench) throws Exception {
    AtomicBoolean closed = new AtomicBoolean();
    AtomicInteger late = new AtomicInteger();
    AtomicInteger inside = new AtomicInteger();
    XenbusWatch watch =
        bench.xs.watch(
            "x",
            XsBench.byPath(),
            path -> {
              inside.incrementAndGet();
              if (closed.get()) {
                late.incrementAndGet();
              }
              Task.relax();
              inside.decrementAndGet();
            });
    Task writer =
        bench.spawn(
            "writer",
            () -> {
              for (int i = 0; i < 12; i++) {
                bench.store.write("/local/domain/0/x/" + i % 4 + "/" + i, "");
              }
            });
    Task.relax();
    watch.close();
    closed.set(true);
    assertEquals(0, inside.get());
    writer.stop();
    assertEquals(0, late.get());
  }

  @Test
  void twoCallbacksMayCloseEachOthersWatch() {
    TestMachines.everywhere(machine -> ring(machine, 2));
  }

  @Test
  void manyCallbacksMayCloseEachOthersWatchInARing() {
    TestMachines.everywhere(machine -> ring(machine, 4));
  }

  private static void ring(Machine machine, int size) throws Exception {
    try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
      CopyOnWriteArrayList<XenbusWatch> watches = new CopyOnWriteArrayList<>();
      TestGate gate = new TestGate(bench.cpu());
      AtomicInteger done = new AtomicInteger();
      AtomicInteger starts = new AtomicInteger();
      for (int i = 0; i < size; i++) {
        int next = (i + 1) % size;
        // Each in a guest's thread; the last one in the default thread.
        watches.add(
            bench.xs.watch(
                "/w" + i,
                XsBench.ownedBy(next),
                path -> {
                  starts.incrementAndGet();
                  gate.pass();
                  watches.get(next).close();
                  done.incrementAndGet();
                }));
      }
      gate.awaitEntered(size);
      for (int i = 0; i < size; i++) {
        bench.store.write("/w" + i, "again");
      }
      gate.open();
      bench.await(() -> done.get() == size);
      bench.await(() -> bench.xs.watchCount() == 0);
      Recorder seen = new Recorder();
      bench.xs.watch("/end", seen::note);
      bench.await(() -> seen.count() == 1);
      assertEquals(size, starts.get());
    }
  }

  /// MT-5: the default thread and guests' threads unregister the same watches at once.
  @Test
  void unregisteringOnManyThreadsAtOnceNeverDeadlocks() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            CopyOnWriteArrayList<XenbusWatch> victims = new CopyOnWriteArrayList<>();
            AtomicInteger done = new AtomicInteger();
            List<XenbusWatch> closers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
              victims.add(bench.xs.watch("/v" + i, XsBench.ownedBy(i), path -> Task.relax()));
            }
            for (int i = 0; i < 4; i++) {
              closers.add(
                  bench.xs.watch(
                      "/c" + i,
                      XsBench.ownedBy(i),
                      path -> {
                        victims.forEach(XenbusWatch::close);
                        done.incrementAndGet();
                      }));
            }
            bench.await(() -> done.get() == 4);
            closers.forEach(XenbusWatch::close);
            assertEquals(0, bench.xs.watchCount());
          }
        });
  }
}
