package dev.xenbus.xs;

import static dev.xenbus.api.XenbusTransaction.NONE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.abi.xenstore.XenstoreRing;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Hazards of the store's client, by their items in `docs/reference/concurrency.md`.
class ConcurrencyTest {
  private static final int SEEDS = 40;
  private static final int WRITES = 12;
  private static final int ROUNDS = 20;
  private static final int BIG_BYTES = 3000;
  private static final int SIP_BYTES = 100;

  /// C07: the store refused to forget a watch, and goes on telling of it: no watch that is made
  /// later hears that, since a token is never given out again.
  @ParameterizedTest
  @EnumSource
  void c07TokenOfAFailedUnwatchIsNotUsedAgain(Mtwatch mtwatch) {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, mtwatch)) {
            XenbusWatch old = bench.xs.watch("/old", path -> {});
            String token = bench.store.tokens(bench.link, "/old").getFirst();
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.UNWATCH
                        ? new StoreScript.Fail(Errno.EINVAL)
                        : StoreScript.Verdict.SERVE);
            old.close();
            bench.store.script(StoreScript.SERVE_ALL);
            Recorder seen = new Recorder();
            for (int i = 0; i < 3; i++) {
              bench.xs.watch("/new" + i, seen::note);
            }
            bench.await(() -> seen.count() == 3);
            assertEquals(List.of(token), bench.store.tokens(bench.link, "/old"));
            bench.store.write("/old", "1");
            bench.store.write("/new0", "1");
            bench.await(() -> seen.count() == 4);
            assertEquals(List.of("/new0", "/new1", "/new2", "/new0"), seen.paths());
          }
        });
  }

  /// C10: events come and are dropped while others are taken; the value written last is seen.
  @ParameterizedTest
  @EnumSource(names = {"OFF", "SERIES"})
  void c10LastValueIsSeenWhicheverEventsAreDropped(Mtwatch mtwatch) {
    AtomicInteger dropped = new AtomicInteger();
    AtomicInteger runs = new AtomicInteger();
    TestMachines.Scenario scenario = machine -> writeAndDrop(machine, mtwatch, dropped, runs);
    TestMachines.seeds(SEEDS, scenario);
    // Of each machine's writes some were dropped and some were not, or nothing was tested.
    assertTrue(dropped.get() > SEEDS, () -> dropped + " events dropped");
    assertTrue(runs.get() > 4 * SEEDS, () -> runs + " events taken");
    TestMachines.live(scenario);
  }

  private static void writeAndDrop(
      Machine machine, Mtwatch mtwatch, AtomicInteger dropped, AtomicInteger runs)
      throws Exception {
    WatchOptions.WillHandle filter =
        (path, pending) -> {
          boolean taken = WatchOptions.ONE_PENDING.test(path, pending);
          if (!taken) {
            dropped.incrementAndGet();
          }
          return taken;
        };
    try (XsBench bench = new XsBench(machine, mtwatch)) {
      AtomicInteger last = new AtomicInteger();
      bench.xs.watch(
          "/s",
          XsBench.ownedBy(3).with(filter),
          path -> {
            last.set((int) bench.xs.readUnsigned("/s", "", 0));
            runs.incrementAndGet();
          });
      for (int i = 1; i <= WRITES; i++) {
        bench.store.write("/s", Integer.toString(i));
        Task.relax();
      }
      // Everything before this reply has come in.
      bench.xs.exists(NONE, "/s", "");
      bench.await(bench::isIdle);
      assertEquals(WRITES, last.get());
    }
  }

  /// C11: a watch without a filter has no bound: everything waits, nothing hangs, nothing is lost.
  @Test
  void c11UnboundedWatchQueuesEverything() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            TestGate gate = new TestGate(bench.cpu());
            Recorder seen = new Recorder();
            bench.xs.watch(
                "/a",
                path -> {
                  gate.pass();
                  seen.note(path);
                });
            gate.awaitEntered(1);
            for (int i = 0; i < 200; i++) {
              bench.store.write("/a", Integer.toString(i));
            }
            bench.await(() -> bench.queues().get(1).matches("xenwatch +200 .*"));
            gate.open();
            bench.await(() -> seen.count() == 201);
          }
        });
  }

  /// C22: somebody closes a watch under a lock that its callback wants. Nothing prevents that; both
  /// kinds of machine find out and say who waits for what.
  @Test
  void c22CloseUnderALockThatTheCallbackWantsIsFoundOut() {
    String fair = deadlockOf(new SimulatedMachine(SimulatedMachine.Options.fair()), Mtwatch.OFF);
    String live =
        deadlockOf(new LiveMachine(LiveMachine.Options.usual().endingOnProblem()), Mtwatch.OFF);
    for (String report : List.of(live, fair)) {
      for (String word : List.of("rtnl_mutex", "xenwatch_mutex", "closer", "xenwatch")) {
        assertTrue(report.contains(word), () -> word + " in " + report);
      }
    }
    String series =
        deadlockOf(new SimulatedMachine(SimulatedMachine.Options.fair()), Mtwatch.SERIES);
    for (String word : List.of("rtnl_mutex", "unregister_xenbus_watch", "xen-mtwatch-1")) {
      assertTrue(series.contains(word), () -> word + " in " + series);
    }
  }

  /// Returns what a machine reports of a watch that is closed under its callback's lock.
  private static String deadlockOf(Machine machine, Mtwatch mtwatch) {
    MachineFailure failure =
        assertThrows(
            MachineFailure.class,
            () ->
                machine.run(
                    () -> {
                      closeUnderLock(new XsBench(machine, mtwatch));
                      return true;
                    }));
    assertEquals(MachineFailure.Kind.DEADLOCK, failure.kind(), failure::getMessage);
    return String.valueOf(failure.getMessage());
  }

  private static void closeUnderLock(XsBench bench) throws Exception {
    Mutex rtnl = bench.cpu().mutex(LockClass.of("rtnl_mutex"));
    TestGate gate = new TestGate(bench.cpu());
    XenbusWatch watch =
        bench.xs.watch(
            "/a",
            XsBench.ownedBy(1),
            path -> {
              gate.pass();
              rtnl.lock();
              try {
                Task.relax();
              } finally {
                rtnl.unlock();
              }
            });
    gate.awaitEntered(1);
    Task closer =
        bench.spawn(
            "closer",
            () -> {
              rtnl.lock();
              try {
                watch.close();
              } finally {
                rtnl.unlock();
              }
            });
    bench.await(() -> closer.state() == Task.State.D && !closer.wchan().contains("reply"));
    gate.open();
    closer.stop();
  }

  /// C23: a callback that waits for another callback waits for its own thread, up to its time-out.
  @Test
  void c23CallbackThatNeedsAnotherCallbackTimesOut() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            WaitQueue queue = bench.cpu().waitQueue("waits_for_other");
            AtomicBoolean other = new AtomicBoolean();
            AtomicBoolean timedOut = new AtomicBoolean();
            Recorder seen = new Recorder();
            bench.xs.watch(
                "/waits",
                path -> {
                  timedOut.set(
                      queue.await(Task.State.D, 5_000_000_000L, other::get)
                          == WaitQueue.Wake.TIMEOUT);
                  seen.note(path);
                });
            bench.xs.watch(
                "/other",
                path -> {
                  other.set(true);
                  queue.wakeAll();
                  seen.note(path);
                });
            bench.await(() -> seen.count() == 2);
            assertTrue(timedOut.get());
            assertEquals(List.of("/waits", "/other"), seen.paths());
          }
        });
  }

  /// C36: the store takes a large request a few bytes at a time: who asks later waits behind it,
  /// but replies and events come in all the while.
  @Test
  void c36SlowStoreHoldsUpRequestsAlone() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/v", "7");
            Recorder seen = new Recorder();
            bench.xs.watch("/a", seen::note);
            bench.await(() -> seen.count() == 1);
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.READ
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            AtomicBoolean read = new AtomicBoolean();
            Task reader =
                bench.spawn("reader", () -> read.set(bench.xs.readUnsigned("/v", "", 0) == 7));
            bench.store.awaitHeld(1);
            bench.store.intake(bench.link, SIP_BYTES);
            AtomicBoolean written = new AtomicBoolean();
            Task writer = bench.spawn("writer", () -> writeBig(bench, written));
            bench.await(() -> waitingBytes(bench) == XenstoreRing.RING_BYTES);
            Task behind = bench.spawn("behind", () -> bench.xs.exists(NONE, "/a", ""));
            // The ring is full and stays full; what comes from the store does not care.
            bench.store.answerHeld(0);
            reader.stop();
            assertTrue(read.get());
            assertFalse(written.get());
            bench.await(() -> behind.state() == Task.State.D);
            int events = 1;
            while (!written.get() && events <= 2 * BIG_BYTES / SIP_BYTES) {
              bench.store.write("/a", Integer.toString(events));
              events++;
              int expected = events;
              bench.await(() -> seen.count() == expected);
              bench.store.intake(bench.link, SIP_BYTES);
            }
            assertTrue(events > BIG_BYTES / SIP_BYTES, events + " events came meanwhile");
            bench.store.intake(bench.link, Integer.MAX_VALUE);
            writer.stop();
            behind.stop();
            assertEquals("x".repeat(BIG_BYTES), bench.store.read("/big").orElse("nothing"));
          }
        });
  }

  /// C41: unrelated requests are let in while a suspend drains, so that those which overlap put it
  /// off for as long as they like. As the kernel.
  @Test
  void c41OverlappingRequestsPutASuspendOff() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.script((from, type, strings) -> StoreScript.Verdict.HOLD);
            Task last = bench.spawn("busy", () -> bench.xs.exists(NONE, "/busy", ""));
            bench.store.awaitHeld(1);
            Suspender suspender = Suspender.cancelling(bench);
            bench.await(suspender::drains);
            for (int i = 0; i < ROUNDS; i++) {
              Task next = bench.spawn("busy", () -> bench.xs.exists(NONE, "/busy", ""));
              bench.store.awaitHeld(2);
              bench.store.answerHeld(0);
              last.stop();
              assertTrue(suspender.drains());
              assertFalse(suspender.isSuspended());
              last = next;
            }
            bench.store.answerHeld(0);
            last.stop();
            bench.await(suspender::isSuspended);
            suspender.end();
          }
        });
  }

  private static void writeBig(XsBench bench, AtomicBoolean written) {
    try {
      bench.xs.write(NONE, "/big", "", "x".repeat(BIG_BYTES));
      written.set(true);
    } catch (XenstoreException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Returns how many bytes of requests are in the ring.
  private static int waitingBytes(XsBench bench) {
    var page = bench.link.page();
    return page.get(XenstoreRing.FIELD, XenstoreRing.REQ_PROD)
        - page.get(XenstoreRing.FIELD, XenstoreRing.REQ_CONS);
  }

  /// C45: half a message is in when a suspend begins: it waits for the rest.
  @Test
  void c45SuspendWaitsForTheRestOfAMessage() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            Recorder seen = new Recorder();
            bench.xs.watch("/a", seen::note);
            bench.await(() -> seen.count() == 1);
            String token = bench.store.tokens(bench.link, "/a").getFirst();
            byte[] event =
                Message.of(
                        MessageType.WATCH_EVENT,
                        0,
                        TransactionId.NONE,
                        Message.payloadOf("/a/half", token))
                    .encode();
            bench.store.raw(bench.link, Arrays.copyOf(event, 8));
            Task.sleep(machine.isSimulated() ? 1_000_000_000L : 20_000_000L);
            Suspender suspender = Suspender.cancelling(bench);
            bench.await(suspender::waitsForReader);
            Task.sleep(machine.isSimulated() ? 1_000_000_000L : 20_000_000L);
            assertFalse(suspender.isSuspended());
            bench.store.raw(bench.link, Arrays.copyOfRange(event, 8, event.length));
            bench.await(suspender::isSuspended);
            assertEquals(1, seen.count());
            suspender.end();
            bench.await(() -> seen.count() == 2);
            assertEquals("/a/half", seen.paths().getLast());
          }
        });
  }

  /// C51: the store in another domain died: a process that waits stays in D, whatever signals come.
  @Test
  void c51WaiterOfADeadRemoteStoreStaysInD() {
    TestMachines.fair(
        machine -> {
          XsBench bench = new XsBench(machine, Domid.of(3), Mtwatch.OFF);
          bench.store.script((from, type, strings) -> StoreScript.Verdict.DROP);
          AtomicBoolean returned = new AtomicBoolean();
          Task waiter =
              bench
                  .cpu()
                  .process(
                      "xenstore-exists",
                      self -> {
                        bench.xs.exists(NONE, "/x", "");
                        returned.set(true);
                        return 0;
                      });
          waiter.wake();
          bench.await(() -> waiter.state() == Task.State.D);
          waiter.signal();
          bench.kernel.systemState(Kernel.SystemState.HALTING);
          bench.xs.rebootNotify();
          waiter.signal();
          Task.sleep(100_000_000_000L);
          assertTrue(waiter.signalPending());
          assertFalse(returned.get());
          assertEquals(Task.State.D, waiter.state());
          assertEquals(1, bench.xs.users());
          bench.close();
          waiter.waitFor();
        });
  }
}
