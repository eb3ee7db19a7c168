package dev.xenbus.xs;

import static dev.xenbus.api.XenbusTransaction.NONE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Hazards of the store's client, by their items in `docs/reference/concurrency.md`.
class ConcurrencyTest {
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
            assertEquals(java.util.List.of("/waits", "/other"), seen.paths());
          }
        });
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
            AtomicBoolean suspended = new AtomicBoolean();
            AtomicBoolean resume = new AtomicBoolean();
            Task suspender =
                bench.spawn(
                    "suspender",
                    () -> {
                      try {
                        bench.xs.suspend();
                        suspended.set(true);
                        TestMachines.await(resume::get);
                        bench.xs.cancelSuspend();
                      } catch (KernelException e) {
                        throw new IllegalStateException(e);
                      }
                    });
            bench.await(() -> suspender.state() == Task.State.D);
            Task.sleep(machine.isSimulated() ? 1_000_000_000L : 20_000_000L);
            assertFalse(suspended.get());
            bench.store.raw(bench.link, Arrays.copyOfRange(event, 8, event.length));
            bench.await(suspended::get);
            assertEquals(1, seen.count());
            resume.set(true);
            suspender.stop();
            bench.await(() -> seen.count() == 2);
            assertEquals("/a/half", seen.paths().getLast());
          }
        });
  }

  /// C51: the store in another domain died: who waits stays in D.
  @Test
  void c51WaiterOfADeadRemoteStoreStaysInD() {
    TestMachines.fair(
        machine -> {
          XsBench bench = new XsBench(machine, Domid.of(3), Mtwatch.OFF);
          bench.store.script((from, type, strings) -> StoreScript.Verdict.DROP);
          Task waiter = bench.spawn("waiter", () -> bench.xs.exists(NONE, "/x", ""));
          bench.await(() -> waiter.state() == Task.State.D);
          bench.kernel.systemState(dev.xenbus.linux.api.Kernel.SystemState.HALTING);
          bench.xs.rebootNotify();
          Task.sleep(100_000_000_000L);
          assertEquals(Task.State.D, waiter.state());
          assertEquals(1, bench.xs.users());
          bench.close();
          waiter.stop();
        });
  }
}
