package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.abi.xenstore.XenstoreRing;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestMachines;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Requests whose end is not a reply of their own: aborted, failed on the way, of a transaction
/// that the store does not know.
class RequestFaultsTest {
  private static final XenbusTransaction NONE = XenbusTransaction.NONE;
  private static final String READING = "xenbus: error -2 while reading message";

  private static Errno errnoOf(Executable call) {
    return assertThrows(XenstoreException.class, call).errno();
  }

  private static Task reader(XsBench bench, String path, List<Errno> seen) throws Exception {
    return bench.spawn(
        "reader" + path,
        () -> {
          try {
            bench.xs.read(NONE, path, "");
          } catch (XenstoreException e) {
            seen.add(e.errno());
          }
        });
  }

  /// The system goes down, and does not after all: what makes waiters give up.
  private static void giveUp(XsBench bench) {
    bench.kernel.systemState(Kernel.SystemState.HALTING);
    bench.xs.rebootNotify();
  }

  /// The count of users is not undone, as in the kernel; the log says so once.
  @Test
  void endThatTheStoreDoesNotKnowLeavesItsUser() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            for (int i = 1; i <= 2; i++) {
              XenbusTransaction tx = bench.xs.startTransaction();
              bench.store.script(
                  (from, type, strings) ->
                      type == MessageType.TRANSACTION_END
                          ? new StoreScript.Fail(Errno.ENOENT)
                          : StoreScript.Verdict.SERVE);
              assertEquals(Errno.ENOENT, errnoOf(() -> bench.xs.endTransaction(tx, false)));
              assertEquals(i, bench.xs.users());
              bench.store.script(StoreScript.SERVE_ALL);
            }
            String line = "xenbus: end of a transaction that the store does not know";
            assertEquals(1, bench.kernel.logTexts().stream().filter(line::equals).count());
          }
        });
  }

  /// A request that is given up before a byte of it was written never is.
  @Test
  void requestThatIsGivenUpWhileItIsQueuedIsNotSent() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/a", "1");
            bench.xs.watch("/w", path -> {});
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            var page = bench.link.page();
            int consumed = page.get(XenstoreRing.FIELD, XenstoreRing.REQ_CONS);
            // The ring looks full, and the store is not told of it.
            page.set(XenstoreRing.FIELD, XenstoreRing.REQ_CONS, consumed - XenstoreRing.RING_BYTES);
            bench.store.clearLog();
            List<Errno> seen = new CopyOnWriteArrayList<>();
            List<Task> readers = new ArrayList<>();
            readers.add(reader(bench, "/a", seen));
            readers.add(reader(bench, "/b", seen));
            for (Task reader : readers) {
              bench.await(() -> reader.wchan().contains("xs_wait_for_reply"));
            }
            giveUp(bench);
            readers.forEach(Task::stop);
            assertEquals(List.of(Errno.EIO, Errno.EIO), seen);
            assertEquals(0, bench.xs.users());
            bench.kernel.systemState(Kernel.SystemState.RUNNING);
            page.set(XenstoreRing.FIELD, XenstoreRing.REQ_CONS, consumed);
            // The store tells whoever waits for room that there is some; here with an event.
            bench.store.write("/w", "");
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            assertEquals(1, bench.store.log().size(), () -> bench.store.log().toString());
          }
        });
  }

  /// A reply to a request that was given up is nobody's, and no fault.
  @Test
  void lateReplyToARequestThatWasGivenUpIsDropped() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/a", "1");
            bench.store.script((from, type, strings) -> StoreScript.Verdict.HOLD);
            List<Errno> seen = new CopyOnWriteArrayList<>();
            Task reader = reader(bench, "/a", seen);
            bench.store.awaitHeld(1);
            giveUp(bench);
            reader.stop();
            assertEquals(List.of(Errno.EIO), seen);
            bench.kernel.systemState(Kernel.SystemState.RUNNING);
            bench.store.script(StoreScript.SERVE_ALL);
            bench.store.answerHeld(0);
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            assertTrue(bench.kernel.logTexts().stream().noneMatch(READING::equals));
            assertEquals(0, bench.xs.users());
          }
        });
  }

  /// An event is two strings, each with its NUL, and no more; anything else is said, and dropped,
  /// and the one behind it arrives.
  @Test
  void malformedWatchEventIsSaidAndDropped() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            Recorder seen = new Recorder();
            bench.xs.watch("/w", seen::note);
            bench.await(() -> seen.count() == 1);
            String token = bench.store.tokens(bench.link, "/w").getFirst();
            List<String> malformed =
                List.of(
                    "",
                    "/w\0",
                    "/w\0" + token,
                    "/w" + token + "\0",
                    "/w\0" + token + "\0\0",
                    "/w\0" + token + "\0more",
                    "/w\0" + token + "\0more\0");
            for (String event : malformed) {
              byte[] payload = event.getBytes(StandardCharsets.ISO_8859_1);
              bench.store.raw(
                  bench.link,
                  Message.of(MessageType.WATCH_EVENT, 0, TransactionId.NONE, payload).encode());
            }
            bench.store.event(bench.link, "/w/good", token);
            bench.await(() -> seen.paths().contains("/w/good"));
            String line = "xenbus: error -22 while reading message";
            assertEquals(
                malformed.size(), bench.kernel.logTexts().stream().filter(line::equals).count());
            assertEquals(List.of("/w", "/w/good"), seen.paths());
          }
        });
  }

  /// C38, with half a message read: what was read is forgotten too.
  @Test
  void responseRingThatBreaksInsideAMessageStartsAfresh() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/a", "1");
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            var page = bench.link.page();
            int consumed = page.get(XenstoreRing.FIELD, XenstoreRing.RSP_CONS) + 7;
            bench.store.raw(bench.link, new byte[7]);
            bench.await(() -> page.get(XenstoreRing.FIELD, XenstoreRing.RSP_CONS) == consumed);
            page.set(XenstoreRing.FIELD, XenstoreRing.RSP_PROD, consumed - 1);
            bench.spawn("asks", () -> bench.xs.exists(NONE, "/a", ""));
            bench.await(
                () -> bench.kernel.logTexts().contains("xenbus: error -5 while reading message"));
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            // The lock that a suspend takes was let go.
            bench.xs.suspend();
            bench.xs.cancelSuspend();
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
          }
        });
  }

  /// A user's request that cannot be written is answered, and counted out.
  @Test
  void usersRequestThatCannotBeWrittenIsAnsweredWithEio() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile()) {
            bench.store.write("/a", "1");
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            var page = bench.link.page();
            int produced = page.get(XenstoreRing.FIELD, XenstoreRing.REQ_PROD);
            page.set(XenstoreRing.FIELD, XenstoreRing.REQ_CONS, produced + 1);
            byte[] request =
                Message.of(MessageType.READ, 7, TransactionId.of(0), Message.payloadOf("/a"))
                    .encode();
            file.write(request);
            byte[] expected =
                Message.of(MessageType.ERROR, 7, TransactionId.of(0), Message.payloadOf("EIO"))
                    .encode();
            assertArrayEquals(expected, file.read(100, false));
            assertEquals(0, bench.xs.users());
            file.write(request);
            byte[] reply = file.read(100, false);
            assertEquals('1', Arrays.copyOfRange(reply, 16, 17)[0]);
          }
        });
  }
}
