package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.api.XenbusWatch;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;

/// W7: any thread may unregister any watch while any other callback does the same. A simulated
/// machine ends a scenario whose tasks all wait for each other.
class W7NoDeadlockTest {
  private static final int RING = 4;

  /// Each guest's callback closes the next one's watch, and a thread from outside closes them all,
  /// MT-5's two removers among them.
  @Test
  void callbacksAndAnOutsiderCloseTheSameWatches() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            AtomicReferenceArray<XenbusWatch> watches = new AtomicReferenceArray<>(RING);
            AtomicInteger ended = new AtomicInteger();
            TestGate gate = new TestGate(bench.cpu());
            for (int i = 0; i < RING; i++) {
              int next = (i + 1) % RING;
              watches.set(
                  i,
                  bench.xs.watch(
                      "/o" + i,
                      XsBench.ownedBy(i + 1),
                      path -> {
                        gate.pass();
                        watches.get(next).close();
                        ended.incrementAndGet();
                      }));
            }
            gate.awaitEntered(RING);
            List<Task> outsiders = new ArrayList<>();
            for (int i = 0; i < RING; i++) {
              XenbusWatch watch = watches.get(i);
              outsiders.add(bench.spawn("closer" + i, watch::close));
            }
            gate.open();
            outsiders.forEach(Task::stop);
            bench.await(() -> ended.get() == RING);
            bench.await(() -> bench.xs.queueCount() == 1);
            assertEquals(0, bench.xs.watchCount());
          }
        });
  }

  /// Unregistering waits for callbacks of that very watch, not for a whole guest.
  @Test
  void closingAnIdleWatchOfAStuckGuestDoesNotWait() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            Recorder idle = new Recorder();
            XenbusWatch other = bench.xs.watch("/idle", XsBench.ownedBy(1), idle::note);
            bench.await(() -> idle.count() == 1);
            TestGate gate = new TestGate(bench.cpu());
            bench.xs.watch("/stuck", XsBench.ownedBy(1), path -> gate.pass());
            gate.awaitEntered(1);
            bench.store.write("/idle/1", "");
            other.close();
            assertTrue(bench.hasThread("xen-mtwatch-1"));
            gate.open();
            assertEquals(List.of("/idle"), idle.paths());
          }
        });
  }
}
