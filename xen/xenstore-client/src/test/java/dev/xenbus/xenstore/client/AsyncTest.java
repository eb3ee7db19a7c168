package dev.xenbus.xenstore.client;

import static dev.xenbus.xenstore.client.Everywhere.errno;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.PipePair;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Many requests on their way at once.
class AsyncTest {
  private static final int MANY = 300;

  /// Exit code of a process that a signal came to.
  private static final int TERMINATED = 128 + 15;

  @Test
  void manyRequestsOnOneConnectionAreEachAnswered() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            List<Reply<Ok>> writes = new ArrayList<>();
            List<Reply<String>> reads = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
              writes.add(client.async().write("/n/" + i, "v" + i));
              reads.add(client.async().read("/n/" + i));
            }
            for (int i = MANY - 1; i >= 0; i--) {
              assertEquals("v" + i, reads.get(i).await());
              assertTrue(writes.get(i).awaitDone(0));
              assertEquals(Ok.OK, writes.get(i).await());
            }
          }
        });
  }

  @Test
  void everyRequestHasItsAsynchronousForm() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            AsyncOperations async = client.async();
            Reply<Ok> bytes = async.writeBytes("/a/b", new byte[] {1, 0, -1});
            Reply<Ok> made = async.mkdir("/a/c");
            Reply<Ok> allowed = async.setPermissions("/a/c", Permissions.of("r0", "b5"));
            Reply<Permissions> who = async.getPermissions("/a/c");
            Reply<List<String>> names = async.directory("/a");
            Reply<Ok> gone = async.rm("/a/c");
            Reply<Boolean> there = async.exists("/a/b");
            Reply<Boolean> notThere = async.exists("/a/c");
            Reply<Optional<String>> missing = async.readIfPresent("/a/c");
            Reply<Optional<String>> wrong = async.readIfPresent("/a/");
            Reply<byte[]> value = async.readBytes("/a/b");
            assertArrayEquals(new byte[] {1, 0, -1}, value.await());
            assertEquals(List.of("b", "c"), names.await());
            assertEquals(Permissions.of("r0", "b5"), who.await());
            assertTrue(there.await());
            assertFalse(notThere.await());
            assertEquals(Optional.empty(), missing.await());
            assertEquals(Errno.EINVAL, errno(wrong::await));
            for (Reply<Ok> reply : List.of(bytes, made, allowed, gone)) {
              assertTrue(reply.isDone());
              assertEquals(Ok.OK, reply.await());
            }
          }
        });
  }

  @Test
  void refusalsSayErrnoAndPathAndTouchNothingElse() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            Reply<String> missing = client.async().read("/missing");
            Reply<Ok> unspeakable = client.async().write("/\0", "x");
            Reply<Ok> tooLong = client.async().write("/long", "x".repeat(4096));
            Reply<Ok> fine = client.async().write("/fine", "x");
            assertEquals(Ok.OK, fine.await());
            XenstoreException refused = assertThrows(XenstoreException.class, missing::await);
            assertEquals(Errno.ENOENT, refused.errno());
            assertEquals("/missing", refused.path());
            assertEquals("ENOENT: READ /missing tx=0", refused.getMessage());
            assertEquals(Errno.EINVAL, errno(unspeakable::await));
            assertEquals(Errno.E2BIG, errno(tooLong::await));
            assertEquals(
                "/x", assertThrows(XenstoreException.class, () -> client.read("/x")).path());
          }
        });
  }

  @Test
  void longListsInPartsGoBesideOtherRequests() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            List<String> names = new ArrayList<>();
            Reply<Ok> last = client.async().mkdir("/d");
            for (int i = 0; i < MANY; i++) {
              names.add("a-name-that-takes-some-room-" + i);
              last = client.async().mkdir("/d/" + names.get(i));
            }
            assertEquals(Ok.OK, last.await());
            Reply<List<String>> one = client.async().directory("/d");
            Reply<Boolean> other = client.async().exists("/d");
            Reply<List<String>> two = client.async().directory("/d");
            assertEquals(names, two.await());
            assertTrue(other.await());
            assertEquals(names, one.await());
          }
        });
  }

  @Test
  void callbacksAreCalledInOrderAndMayWaitForRequests() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            List<String> seen = new ArrayList<>(); // the callback task's until `done`
            Completion done = cpu.completion("done");
            for (int i = 0; i < 5; i++) {
              String path = "/c/" + i;
              client
                  .async()
                  .write(path, "v" + i)
                  .whenDone(ok -> seen.add(readNow(client, path)), why -> seen.add(why.toString()));
            }
            client
                .async()
                .read("/missing")
                .whenDone(
                    value -> seen.add("value"),
                    why -> {
                      seen.add(((XenstoreException) why).errno().name());
                      done.completeAll();
                    });
            assertEquals(WaitQueue.Wake.READY, done.await(WaitQueue.FOREVER), seen.toString());
            assertEquals(List.of("v0", "v1", "v2", "v3", "v4", "ENOENT"), seen);
            Completion late = cpu.completion("late");
            Reply<String> there = client.async().read("/c/0");
            assertEquals("v0", there.await());
            there.whenDone(value -> late.completeAll(), why -> {});
            assertEquals(WaitQueue.Wake.READY, late.await(WaitQueue.FOREVER));
          }
        });
  }

  private static String readNow(XenstoreClient client, String path) {
    try {
      return client.read(path);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void manyTasksShareOneConnection() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            List<Task> tasks = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
              String path = "/t/" + i;
              tasks.add(
                  Everywhere.task(
                      cpu,
                      () -> {
                        for (int n = 0; n < 10; n++) {
                          client.write(path, "v" + n);
                          assertEquals("v" + n, client.read(path));
                        }
                        return client.directory("/t");
                      }));
            }
            for (Task task : tasks) {
              assertEquals(0, task.waitFor());
            }
          }
        });
  }

  @Test
  void lostConnectionFailsEverythingOnItsWay() throws Exception {
    Everywhere.with(
        new SimulatedMachine(7),
        List.of(),
        (daemon, cpu) -> {
          PipePair pair = cpu.pipe(1000);
          XenstoreClient client = new XenstoreClient(cpu, pair.b());
          List<Reply<?>> replies = new ArrayList<>();
          for (int i = 0; i < 10; i++) {
            replies.add(client.async().read("/" + i));
          }
          assertFalse(replies.getFirst().awaitDone(1_000_000));
          pair.a().close();
          for (Reply<?> reply : replies) {
            IOException lost = assertThrows(IOException.class, reply::await);
            assertFalse(lost instanceof XenstoreException);
            assertTrue(String.valueOf(lost.getMessage()).contains("is broken"), lost.toString());
          }
          assertThrows(IOException.class, () -> client.read("/a"));
          client.close();
          client.close();
        });
  }

  @Test
  void answersInAnyOrderFindTheirRequests() throws Exception {
    Everywhere.with(
        new SimulatedMachine(3),
        List.of(),
        (daemon, cpu) -> {
          PipePair pair = cpu.pipe(1000);
          MessageDecoder decoder = new MessageDecoder();
          try (XenstoreClient client = new XenstoreClient(cpu, pair.b())) {
            Reply<String> first = client.async().read("/1");
            Reply<String> second = client.async().read("/2");
            Message one = Everywhere.request(pair.a(), decoder);
            Message two = Everywhere.request(pair.a(), decoder);
            answer(pair, two, MessageType.READ, "two");
            answer(pair, one, MessageType.READ, "one");
            assertEquals("two", second.await());
            assertEquals("one", first.await());
          }
        });
  }

  private static void answer(PipePair pair, Message request, MessageType type, String text)
      throws IOException {
    Message reply =
        Message.of(
            type,
            request.header().requestId(),
            TransactionId.NONE,
            text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    pair.a().tryWrite(ByteBuffer.wrap(reply.encode()));
  }

  @Test
  void signalEndsAWaitAndLeavesTheConnectionUsable() throws Exception {
    Everywhere.with(
        new SimulatedMachine(5),
        List.of(),
        (daemon, cpu) -> {
          PipePair pair = cpu.pipe(1000);
          MessageDecoder decoder = new MessageDecoder();
          try (XenstoreClient client = new XenstoreClient(cpu, pair.b())) {
            List<IOException> ended = new ArrayList<>(); // the waiter's until it ended
            Task waiter =
                Everywhere.task(
                    cpu,
                    () ->
                        ended.add(
                            assertThrows(
                                InterruptedIOException.class, () -> client.read("/slow"))));
            Message slow = Everywhere.request(pair.a(), decoder);
            waiter.signal();
            assertEquals(TERMINATED, waiter.waitFor());
            assertEquals(1, ended.size());
            Reply<String> next = client.async().read("/next");
            answer(pair, slow, MessageType.READ, "slow");
            answer(pair, Everywhere.request(pair.a(), decoder), MessageType.READ, "next");
            assertEquals("next", next.await());
          }
        });
  }

  @Test
  void transactionIsGivenUpAfterItsAttempts() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect();
              XenstoreClient other = store.connect()) {
            List<Integer> attempts = new ArrayList<>();
            XenstoreException refused =
                assertThrows(
                    XenstoreException.class,
                    () ->
                        client.transaction(
                            3,
                            tx -> {
                              attempts.add(1);
                              boolean before = tx.exists("/x");
                              other.write("/x", "theirs");
                              tx.write("/x", "ours");
                              return before;
                            }));
            assertEquals(Errno.EAGAIN, refused.errno());
            assertEquals(3, attempts.size());
            assertEquals("theirs", client.read("/x"));
            assertThrows(IllegalArgumentException.class, () -> client.transaction(0, tx -> true));
          }
        });
  }

  @Test
  void transactionTakesItsAsynchronousRequestsAlong() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            client.inTransaction(
                tx -> {
                  for (int i = 0; i < 20; i++) {
                    Reply<Ok> _ = tx.async().write("/tx/" + i, "v");
                  }
                });
            assertEquals(20, client.directory("/tx").size());
            assertEquals(
                Errno.ENOENT,
                errno(
                    () ->
                        client.inTransaction(
                            tx -> {
                              Reply<String> _ = tx.async().read("/missing");
                              Reply<Ok> _ = tx.async().write("/not", "v");
                            })));
            assertFalse(client.exists("/not"));
            client.inTransaction(
                tx -> {
                  Reply<String> looked = tx.async().read("/missing");
                  assertEquals(Errno.ENOENT, errno(looked::await));
                  tx.write("/yes", "v");
                });
            assertTrue(client.exists("/yes"));
          }
        });
  }

  @Test
  void storeThatReadsSlowlyHoldsSendersBack() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            String value = "x".repeat(2000);
            List<Task> tasks = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
              tasks.add(Everywhere.task(cpu, () -> flood(client, value)));
            }
            for (Task task : tasks) {
              assertEquals(0, task.waitFor());
            }
          }
        });
  }

  private static Ok flood(XenstoreClient client, String value) throws IOException {
    Reply<Ok> last = client.async().mkdir("/f");
    for (int i = 0; i < 100; i++) {
      last = client.async().write("/f/" + i % 7, value);
    }
    return last.await();
  }
}
