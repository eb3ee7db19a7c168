package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.machine.KernelStack;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What holds of watches whichever design runs their events.
class WatchTest {
  private static final int EVENTS = 4;

  @ParameterizedTest
  @EnumSource
  void watchFiresOnceAtFirstAndThenForEachChange(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            Recorder seen = new Recorder();
            XenbusWatch watch = bench.xs.watch("data", seen::note);
            bench.await(() -> seen.count() == 1);
            bench.store.write("/local/domain/0/data/a", "1");
            bench.store.write("/local/domain/0/data/b", "1");
            bench.store.write("/local/domain/0/date", "1");
            bench.store.remove("/local/domain/0/data");
            bench.await(() -> seen.count() == 4);
            watch.close();
            bench.store.write("/local/domain/0/data/a", "2");
            assertEquals(List.of("data", "data/a", "data/b", "data"), seen.paths());
            assertEquals(List.of("xenwatch"), seen.threads().stream().distinct().toList());
          }
        });
  }

  /// C01: the first event may come before the reply to the registration.
  @ParameterizedTest
  @EnumSource
  void eventBeforeTheReplyFindsItsWatch(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            Recorder seen = new Recorder();
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.WATCH && strings.getFirst().equals("a")
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            Task registrar = bench.spawn("registrar", () -> watchOrFail(bench, "a", seen));
            bench.store.awaitHeld(1);
            String token = bench.store.log().getLast().split(" ", -1)[3];
            bench.store.event(bench.link, "a", token);
            bench.await(() -> seen.count() == 1);
            bench.store.answerHeld(0);
            registrar.stop();
            bench.await(() -> seen.count() == 2);
          }
        });
  }

  private static void watchOrFail(XsBench bench, String path, Recorder seen) {
    try {
      bench.xs.watch(path, seen::note);
    } catch (XenstoreException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusedWatchIsForgotten(Mtwatch mtwatch) {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            int before = bench.xs.watchCount();
            bench.store.script(
                (from, type, strings) ->
                    strings.getFirst().equals("a")
                        ? new StoreScript.Fail(Errno.EEXIST)
                        : StoreScript.Verdict.SERVE);
            XenstoreException e =
                assertThrows(XenstoreException.class, () -> bench.xs.watch("a", path -> {}));
            assertEquals(Errno.EEXIST, e.errno());
            assertEquals(before, bench.xs.watchCount());
          }
        });
  }

  /// C02: a callback may close its own watch.
  @ParameterizedTest
  @EnumSource
  void callbackMayCloseItsOwnWatch(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            Recorder seen = new Recorder();
            AtomicReference<XenbusWatch> own = new AtomicReference<>();
            own.set(
                bench.xs.watch(
                    "self",
                    path -> {
                      seen.note(path);
                      XenbusWatch watch = own.get();
                      if (watch != null) {
                        watch.close();
                      }
                    }));
            bench.store.write("/local/domain/0/self", "1");
            bench.store.write("/local/domain/0/self", "2");
            Recorder other = new Recorder();
            bench.xs.watch("other", other::note);
            bench.await(() -> other.count() == 1);
            assertTrue(seen.count() >= 1 && seen.count() <= 2, () -> "" + seen.paths());
          }
        });
  }

  /// C03, C05: closing waits for the callback, and what is queued behind it is dropped.
  @ParameterizedTest
  @EnumSource
  void closeWaitsForTheCallbackAndDropsWhatIsQueued(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            XenbusWatch watch =
                bench.xs.watch(
                    "a",
                    path -> {
                      gate.pass();
                      seen.note(path);
                    });
            gate.awaitEntered(1);
            for (int i = 1; i < EVENTS; i++) {
              bench.store.write("/local/domain/0/a", Integer.toString(i));
            }
            AtomicBoolean closed = new AtomicBoolean();
            Task closer =
                bench.spawn(
                    "closer",
                    () -> {
                      watch.close();
                      closed.set(true);
                    });
            bench.await(() -> bench.store.log().getLast().startsWith("dom0 UNWATCH a"));
            // It has its reply, has dropped what was queued, and waits for the callback.
            bench.await(
                () ->
                    closer.state() == Task.State.D && !closer.wchan().equals("xs_wait_for_reply"));
            assertFalse(closed.get());
            gate.open();
            closer.stop();
            assertTrue(closed.get());
            int runs = seen.count();
            // The one thread may take its mutex again before the closer gets it, as in the kernel.
            assertTrue(mtwatch == Mtwatch.OFF ? runs <= EVENTS : runs == 1, () -> runs + " runs");
            Recorder other = new Recorder();
            bench.xs.watch("other", other::note);
            bench.await(() -> other.count() == 1);
            assertEquals(runs, gate.entered());
          }
        });
  }

  /// C06: an event that comes between unlinking and the reply to UNWATCH is dropped.
  @ParameterizedTest
  @EnumSource
  void eventOfAnUnlinkedWatchIsDropped(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            Recorder seen = new Recorder();
            XenbusWatch watch = bench.xs.watch("a", seen::note);
            bench.await(() -> seen.count() == 1);
            String token = bench.store.tokens(bench.link, "a").getFirst();
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.UNWATCH
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            Task closer = bench.spawn("closer", watch::close);
            bench.store.awaitHeld(1);
            bench.store.event(bench.link, "a", token);
            bench.store.answerHeld(0);
            closer.stop();
            assertEquals(1, seen.count());
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void closingTwiceIsHarmless(Mtwatch mtwatch) {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            XenbusWatch watch = bench.xs.watch("a", path -> {});
            watch.close();
            bench.store.clearLog();
            watch.close();
            assertEquals(List.of(), bench.store.log());
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void failedUnwatchIsLogged(Mtwatch mtwatch) {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            XenbusWatch watch = bench.xs.watch("a", path -> {});
            bench.store.script((from, type, strings) -> new StoreScript.Fail(Errno.ENOENT));
            watch.close();
            assertTrue(bench.kernel.logTexts().contains("Failed to release watch a: -2"));
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void callbackThatThrowsCostsItsEventAlone(Mtwatch mtwatch) {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            bench.xs.watch(
                "bad",
                path -> {
                  throw new IllegalStateException("on purpose");
                });
            Recorder seen = new Recorder();
            bench.xs.watch("good", seen::note);
            bench.await(() -> seen.count() == 1);
            assertTrue(
                bench.kernel.logTexts().stream()
                    .anyMatch(
                        line -> line.contains("callback of bad") && line.contains("purpose")));
          }
        });
  }

  /// C08: one thread, one callback at a time, in the order of arrival, over all watches.
  @Test
  void defaultEventsRunInOrderOverAllWatches() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            Recorder seen = new Recorder();
            for (int i = 0; i < 5; i++) {
              bench.xs.watch("/w" + i, seen::note);
            }
            bench.await(() -> seen.count() == 5);
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
              String path = "/w" + (i * 7) % 5 + "/" + i;
              expected.add(path);
              bench.store.write(path, "");
            }
            bench.await(() -> seen.count() == 45);
            assertEquals(expected, seen.paths().subList(5, 45));
            assertEquals(List.of(), seen.overlaps());
          }
        });
  }

  /// C04: in mainline, closing a watch waits for whatever callback runs.
  @Test
  void mainlineCloseWaitsForAnyCallback() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            XenbusWatch idle = bench.xs.watch("idle", path -> {});
            TestGate gate = new TestGate(bench.cpu());
            bench.xs.watch("slow", path -> gate.pass());
            gate.awaitEntered(1);
            AtomicBoolean closed = new AtomicBoolean();
            Task closer =
                bench.spawn(
                    "closer",
                    () -> {
                      idle.close();
                      closed.set(true);
                    });
            bench.await(() -> closer.state() == Task.State.D && closer.wchan().contains("mutex"));
            assertFalse(closed.get());
            gate.open();
            closer.stop();
            assertTrue(closed.get());
          }
        });
  }

  /// C09: of a flood against a filter of one, one event waits at most, and the last is seen.
  @ParameterizedTest
  @EnumSource
  void filterBoundsTheQueue(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch(
                "a",
                WatchOptions.DEFAULT.with(WatchOptions.ONE_PENDING),
                path -> {
                  gate.pass();
                  seen.note(path);
                });
            gate.awaitEntered(1);
            for (int i = 0; i < 50; i++) {
              bench.store.write("/local/domain/0/a", Integer.toString(i));
            }
            Recorder other = new Recorder();
            bench.xs.watch("end", other::note);
            String queues = bench.kernel.files().read("/sys/kernel/debug/xenwatch/queues");
            gate.open();
            bench.await(() -> other.count() == 1);
            assertEquals(2, seen.count());
            assertTrue(queues.contains("xenwatch"), queues);
          }
        });
  }

  @KernelSymbol(value = "frontend_changed", module = "xen_netback")
  private static void frontendChanged(TestGate gate) {
    gate.pass();
  }

  @Test
  void stackOfAStuckCallbackReadsAsPublished() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            TestGate gate = new TestGate(bench.cpu());
            bench.xs.watch("a", path -> frontendChanged(gate));
            gate.awaitEntered(1);
            assertEquals(
                List.of("frontend_changed [xen_netback]", "xenwatch_thread"),
                framesOf(bench, "xenwatch"));
            gate.open();
          }
        });
  }

  @Test
  void stackOfAGuestsThreadHasMtwatchThread() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.SERIES)) {
            TestGate gate = new TestGate(bench.cpu());
            bench.xs.watch("a", XsBench.ownedBy(1), path -> frontendChanged(gate));
            gate.awaitEntered(1);
            assertEquals(
                List.of("frontend_changed [xen_netback]", "mtwatch_thread"),
                framesOf(bench, "xen-mtwatch-1"));
            gate.open();
          }
        });
  }

  private static List<String> framesOf(XsBench bench, String comm) {
    Task task =
        bench.machine.tasks().stream().filter(t -> t.comm().equals(comm)).findFirst().orElseThrow();
    bench.await(() -> task.state() == Task.State.D);
    return new KernelStack()
        .frames(task).stream()
            .map(KernelStack.Frame::toString)
            .filter(f -> f.startsWith("frontend") || f.contains("watch") || f.startsWith("xen"))
            .toList();
  }
}
