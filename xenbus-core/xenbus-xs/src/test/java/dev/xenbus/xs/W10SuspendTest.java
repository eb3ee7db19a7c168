package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// W10: suspend and resume, on every thread.
class W10SuspendTest {
  private static final XenbusTransaction NONE = XenbusTransaction.NONE;
  private static final long WHILE_NANOS = 20_000_000;

  @ParameterizedTest
  @EnumSource
  void noCallbackRunsInTheWindowAndAllWatchesFireAfterResume(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            Recorder seen = new Recorder();
            bench.xs.watch("/a", path -> seen.note(path, p -> p));
            bench.xs.watch("/b", XsBench.ownedBy(1), path -> seen.note(path, p -> p));
            bench.xs.watch("/c", XsBench.ownedBy(2), path -> seen.note(path, p -> p));
            bench.await(() -> seen.count() == 3);
            int watches = bench.xs.watchCount();
            bench.xs.suspend();
            bench.store.clearLog();
            bench.store.write("/a/x", "");
            bench.store.write("/b/x", "");
            Task.sleep(WHILE_NANOS);
            assertEquals(3, seen.count());
            assertEquals(List.of(), bench.store.log());
            bench.xs.resume();
            // What was in the ring is lost; each watch fires once for its registration.
            bench.await(() -> seen.count() == 6);
            assertEquals(List.of("/a", "/b", "/c"), sorted(seen.paths().subList(3, 6)));
            assertEquals(
                watches, bench.store.log().stream().filter(l -> l.contains(" WATCH ")).count());
            assertEquals(1, bench.xs.generation());
            assertEquals("", bench.xs.read(NONE, "/a/x", ""));
          }
        });
  }

  /// The store slept too: nothing of its ring is lost, and it would refuse a watch that it has.
  @ParameterizedTest
  @EnumSource
  void afterASleepWithTheStoreAllWatchesFireAndNothingIsLost(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            Recorder seen = new Recorder();
            XenbusWatch first = bench.xs.watch("/a", path -> seen.note(path, p -> p));
            bench.xs.watch("/b", XsBench.ownedBy(1), path -> seen.note(path, p -> p));
            bench.await(() -> seen.count() == 2);
            int watches = bench.xs.watchCount();
            for (int sleeps = 1; sleeps <= 2; sleeps++) {
              bench.xs.suspend();
              bench.store.clearLog();
              bench.store.write("/a/x" + sleeps, "");
              bench.store.write("/b/x" + sleeps, "");
              Task.sleep(WHILE_NANOS);
              int before = seen.count();
              assertEquals(List.of(), bench.store.log());
              bench.xs.resumeWithStore();
              bench.await(() -> seen.count() == before + 4);
              assertEquals(
                  List.of("/a", "/a/x" + sleeps, "/b", "/b/x" + sleeps),
                  sorted(seen.paths().subList(before, before + 4)));
              assertEquals(watches, count(bench, " WATCH "));
              assertEquals(watches, count(bench, " UNWATCH "));
            }
            bench.store.clearLog();
            first.close();
            assertEquals(1, count(bench, " UNWATCH "));
            assertEquals(watches - 1, bench.xs.watchCount());
          }
        });
  }

  private static long count(XsBench bench, String what) {
    return bench.store.log().stream().filter(line -> line.contains(what)).count();
  }

  private static List<String> sorted(List<String> texts) {
    return texts.stream().sorted().toList();
  }

  /// C46: after a suspend that did not take place, what came meanwhile is delivered.
  @ParameterizedTest
  @EnumSource
  void cancelledSuspendKeepsEverything(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            Recorder seen = new Recorder();
            bench.xs.watch("/a", seen::note);
            bench.await(() -> seen.count() == 1);
            bench.xs.suspend();
            bench.store.write("/a/x", "");
            Task.sleep(WHILE_NANOS);
            assertEquals(1, seen.count());
            bench.store.clearLog();
            bench.xs.cancelSuspend();
            bench.await(() -> seen.count() == 2);
            assertEquals("/a/x", seen.paths().getLast());
            assertTrue(bench.store.log().stream().noneMatch(line -> line.contains(" WATCH ")));
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void suspendMayBeAskedForInACallback(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            List<String> done = new CopyOnWriteArrayList<>();
            bench.xs.watch(
                "control/shutdown",
                path -> {
                  if (done.isEmpty()) {
                    try {
                      bench.xs.suspend();
                      bench.xs.resume();
                      done.add("resumed");
                    } catch (KernelException e) {
                      done.add(String.valueOf(e.getMessage()));
                    }
                  }
                });
            bench.await(() -> !done.isEmpty());
            assertEquals(List.of("resumed"), done);
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void stuckCallbackFailsTheSuspendAfterTwentySeconds(Mtwatch mtwatch) {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            TestGate gate = new TestGate(bench.cpu());
            if (mtwatch == Mtwatch.SUMMIT) {
              bench.introduce(1);
            }
            bench.xs.watch("/b", XsBench.ownedBy(1), path -> gate.pass());
            gate.awaitEntered(1);
            long began = machine.clock().nanos();
            KernelException e = assertThrows(KernelException.class, bench.xs::suspend);
            assertEquals(Errno.EBUSY, e.errno());
            assertEquals(20, (machine.clock().nanos() - began) / 1_000_000_000L);
            String thread = mtwatch == Mtwatch.OFF ? "xenwatch" : "xen-mtwatch-1";
            assertTrue(String.valueOf(e.getMessage()).endsWith(": " + thread), e::getMessage);
            gate.open();
            Recorder seen = new Recorder();
            bench.xs.watch("/c", seen::note);
            bench.await(() -> seen.count() == 1);
          }
        });
  }

  /// A callback that is stuck for less than that holds the suspend up, and no other begins.
  @ParameterizedTest
  @EnumSource
  void stuckCallbackThatEndsInTimeIsWaitedFor(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            TestGate gate = new TestGate(bench.cpu());
            if (mtwatch == Mtwatch.SUMMIT) {
              bench.introduce(1);
            }
            Recorder ended = new Recorder();
            bench.xs.watch(
                "/b",
                XsBench.ownedBy(1),
                path -> {
                  gate.pass();
                  ended.note(path);
                });
            gate.awaitEntered(1);
            bench.store.write("/b", "1");
            Suspender suspender = Suspender.cancelling(bench);
            bench.await(suspender::waitsForCallback);
            assertFalse(suspender.isSuspended());
            gate.open();
            bench.await(suspender::isSuspended);
            assertEquals(List.of("/b"), ended.paths());
            suspender.end();
            bench.await(() -> ended.count() == 2);
          }
        });
  }

  /// C40: a suspend waits for an open transaction, whose requests still pass; later ones wait.
  @ParameterizedTest
  @EnumSource
  void suspendWaitsForOpenTransactions(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            XenbusTransaction tx = bench.xs.startTransaction();
            Suspender suspender = Suspender.resuming(bench);
            bench.await(suspender::drains);
            bench.xs.write(tx, "/t", "", "1");
            assertFalse(suspender.isSuspended());
            bench.xs.endTransaction(tx, false);
            bench.await(suspender::isSuspended);
            AtomicBoolean written = new AtomicBoolean();
            Task writer =
                bench.spawn(
                    "writer",
                    () -> {
                      try {
                        bench.xs.write(NONE, "/u", "", "1");
                        written.set(true);
                      } catch (XenstoreException e) {
                        throw new IllegalStateException(e);
                      }
                    });
            bench.await(() -> writer.wchan().contains("xs_request_enter"));
            assertFalse(written.get());
            suspender.end();
            writer.stop();
            assertTrue(written.get());
          }
        });
  }

  /// C40 and C44 together: who has a transaction open registers and closes watches before its end.
  @ParameterizedTest
  @EnumSource
  void openTransactionMayRegisterWatchesWhileASuspendDrains(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            XenbusWatch old = bench.xs.watch("/old", path -> {});
            XenbusTransaction tx = bench.xs.startTransaction();
            Suspender suspender = Suspender.cancelling(bench);
            bench.await(suspender::drains);
            XenbusWatch fresh = bench.xs.watch("/fresh", path -> {});
            old.close();
            assertFalse(suspender.isSuspended());
            bench.xs.endTransaction(tx, false);
            bench.await(suspender::isSuspended);
            suspender.end();
            fresh.close();
            bench.await(() -> bench.xs.users() == 0);
          }
        });
  }

  /// C44: who registers a watch is let in as a whole or not at all, so that the suspend never finds
  /// it with the lock in its hand.
  @ParameterizedTest
  @EnumSource
  void registrationWaitsOutsideOfTheLockWhileSuspended(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            AtomicBoolean registered = new AtomicBoolean();
            bench.xs.suspend();
            Task registrar =
                bench.spawn(
                    "registrar",
                    () -> {
                      try {
                        bench.xs.watch("/r", path -> {}).close();
                        registered.set(true);
                      } catch (XenstoreException e) {
                        throw new IllegalStateException(e);
                      }
                    });
            bench.await(() -> registrar.wchan().contains("xs_request_enter"));
            assertFalse(registered.get());
            bench.xs.resume();
            registrar.stop();
            assertTrue(registered.get());
          }
        });
  }

  /// C44: somebody registers watches all the time, somebody suspends all the time.
  @ParameterizedTest
  @EnumSource
  void registrationAndSuspendDoNotDeadlock(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            Task registrar =
                bench.spawn(
                    "registrar",
                    () -> {
                      try {
                        for (int i = 0; i < 10; i++) {
                          bench.xs.watch("/r" + i, path -> {}).close();
                        }
                      } catch (XenstoreException e) {
                        throw new IllegalStateException(e);
                      }
                    });
            for (int i = 0; i < 5; i++) {
              bench.xs.suspend();
              if (i % 2 == 0) {
                bench.xs.resume();
              } else {
                bench.xs.cancelSuspend();
              }
            }
            registrar.stop();
            assertEquals(5, bench.xs.generation());
            bench.await(() -> bench.xs.users() == 0);
          }
        });
  }
}
