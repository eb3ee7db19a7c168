package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.OpenFile;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestMachines;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// `/dev/xen/xenbus`: what a process of the domain sees of the store.
class UserFileTest {
  private static byte[] request(MessageType type, int id, int tx, String... strings) {
    return Message.of(type, id, TransactionId.of(tx), Message.payloadOf(strings)).encode();
  }

  /// Returns the next message as `TYPE id tx text`, NULs as `|`.
  private static String next(OpenFile file) throws KernelException {
    MessageHeader header = MessageHeader.readFrom(ByteBuffer.wrap(exactly(file, 16)));
    String text =
        new String(exactly(file, header.length()), java.nio.charset.StandardCharsets.ISO_8859_1);
    return MessageType.ofCode(header.type()).orElseThrow()
        + " "
        + header.requestId()
        + " "
        + header.transactionId()
        + " "
        + text.replace('\0', '|');
  }

  private static byte[] exactly(OpenFile file, int bytes) throws KernelException {
    byte[] all = new byte[bytes];
    int at = 0;
    while (at < bytes) {
      byte[] some = file.read(bytes - at, false);
      System.arraycopy(some, 0, all, at, some.length);
      at += some.length;
    }
    return all;
  }

  private static Errno errnoOf(Executable call) {
    return assertThrows(KernelException.class, call).errno();
  }

  @Test
  void requestsArePipelinedAndKeepTheUsersIds() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile()) {
            bench.store.write("/a", "1");
            bench.store.write("/b", "2");
            file.write(request(MessageType.READ, 7, 0, "/a"));
            file.write(request(MessageType.READ, 7, 0, "/b"));
            file.write(request(MessageType.READ, 9, 0, "/missing"));
            assertEquals("READ 7 0 1", next(file));
            assertEquals("READ 7 0 2", next(file));
            assertEquals("ERROR 9 0 ENOENT|", next(file));
            assertEquals(0, bench.xs.users());
            assertFalse(file.isReadable());
            assertEquals(Errno.EAGAIN, errnoOf(() -> file.read(10, true)));
          }
        });
  }

  @Test
  void deviceIsAFileOfTheKernel() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/a", "1");
            KernelFiles files = bench.xs.kernel().files();
            try (OpenFile one = files.open(XenbusXs.DEVICE);
                OpenFile other = files.open("/dev/xen/xenbus")) {
              one.write(request(MessageType.READ, 7, 0, "/a"));
              assertEquals("READ 7 0 1", next(one));
              assertFalse(other.isReadable());
            }
          }
        });
  }

  @Test
  void signalEndsTheWaitOfAReader() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              OpenFile file = bench.xs.openUserFile()) {
            AtomicReference<Errno> seen = new AtomicReference<>();
            Task reader =
                bench
                    .xs
                    .kernel()
                    .cpu()
                    .process(
                        "cat",
                        _ -> {
                          seen.set(errnoOf(() -> file.read(10, false)));
                          return 0;
                        });
            reader.wake();
            bench.await(() -> reader.wchan().equals("xenbus_file_read"));
            reader.signal();
            reader.waitFor();
            assertEquals(Errno.EINTR, seen.get());
          }
        });
  }

  /// What a process that waits for several things needs (`poll`).
  @Test
  void whoWaitsIsToldThatThereIsSomethingToRead() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            XenbusUserFile file = bench.xs.openUserFile();
            bench.store.write("/a", "1");
            AtomicInteger roused = new AtomicInteger();
            file.onReadable(roused::incrementAndGet);
            assertEquals(WaitQueue.Wake.TIMEOUT, file.awaitReadable(1_000_000));
            assertEquals(0, roused.get());
            file.write(request(MessageType.READ, 7, 0, "/a"));
            assertEquals(WaitQueue.Wake.READY, file.awaitReadable(WaitQueue.FOREVER));
            assertEquals("READ 7 0 1", next(file));
            bench.await(() -> roused.get() == 1);
            file.close();
            assertEquals(WaitQueue.Wake.READY, file.awaitReadable(WaitQueue.FOREVER));
            assertEquals(2, roused.get());
          }
        });
  }

  @Test
  void requestMayBeWrittenInPiecesAndMustFit() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile()) {
            bench.store.write("/a", "1");
            byte[] whole = request(MessageType.READ, 1, 0, "/a");
            for (byte b : whole) {
              file.write(new byte[] {b});
            }
            assertEquals("READ 1 0 1", next(file));
            assertEquals(Errno.EINVAL, errnoOf(() -> file.write(new byte[4097])));
            byte[] long4081 = Arrays.copyOf(whole, 16);
            ByteBuffer.wrap(long4081).order(java.nio.ByteOrder.nativeOrder()).putInt(12, 4081);
            assertEquals(Errno.E2BIG, errnoOf(() -> file.write(long4081)));
            file.write(whole);
            assertEquals("READ 1 0 1", next(file));
          }
        });
  }

  @Test
  void watchesFireWithTheUsersToken() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile()) {
            file.write(request(MessageType.WATCH, 3, 0, "/w", "mine"));
            String first = next(file);
            String second = next(file);
            // The event may come before the reply.
            assertEquals(
                java.util.List.of("WATCH 3 0 OK|", "WATCH_EVENT 0 0 /w|mine|"),
                java.util.stream.Stream.of(first, second).sorted().toList());
            bench.store.write("/w/x", "1");
            assertEquals("WATCH_EVENT 0 0 /w/x|mine|", next(file));
            file.write(request(MessageType.UNWATCH, 4, 0, "/w", "mine"));
            assertEquals("UNWATCH 4 0 OK|", next(file));
            file.write(request(MessageType.UNWATCH, 5, 0, "/w", "unknown"));
            assertEquals("UNWATCH 5 0 OK|", next(file));
            file.write(request(MessageType.WATCH, 6, 0, "/w"));
            assertEquals("ERROR 6 0 EINVAL|", next(file));
            assertEquals(0, bench.xs.watchCount());
          }
        });
  }

  @Test
  void refusedWatchIsTheErrnoOfTheWrite() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile()) {
            bench.store.script((from, type, strings) -> new StoreScript.Fail(Errno.EACCES));
            assertEquals(
                Errno.EACCES,
                errnoOf(() -> file.write(request(MessageType.WATCH, 1, 0, "/w", "t"))));
            assertFalse(file.isReadable());
          }
        });
  }

  private static int begin(XenbusUserFile file) throws KernelException {
    file.write(request(MessageType.TRANSACTION_START, 1, 0, ""));
    String[] words = next(file).split(" ", -1);
    assertEquals("TRANSACTION_START", words[0]);
    return Integer.parseInt(words[3].substring(0, words[3].length() - 1));
  }

  @Test
  void transactionsBelongToTheFile() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile();
              XenbusUserFile other = bench.xs.openUserFile()) {
            int tx = begin(file);
            // It does not count as a user of the store: a suspend need not wait for it.
            assertEquals(0, bench.xs.users());
            other.write(request(MessageType.READ, 2, tx, "/t"));
            assertEquals("ERROR 2 " + tx + " ENOENT|", next(other));
            file.write(request(MessageType.TRANSACTION_END, 3, tx, "X"));
            assertEquals("ERROR 3 " + tx + " EINVAL|", next(file));
            file.write(request(MessageType.MKDIR, 0, 0, "/unused"));
            assertTrue(next(file).startsWith("ERROR"));
            file.write(request(MessageType.TRANSACTION_END, 4, tx, "T"));
            assertEquals("TRANSACTION_END 4 " + tx + " OK|", next(file));
            file.write(request(MessageType.TRANSACTION_END, 5, tx, "T"));
            assertEquals("ERROR 5 " + tx + " ENOENT|", next(file));
          }
        });
  }

  /// C42: across a suspend a commit conflicts and an abort succeeds, without the store's help.
  @Test
  void c42TransactionAcrossASuspend() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile()) {
            int first = begin(file);
            int second = begin(file);
            bench.xs.suspend();
            bench.xs.resume();
            bench.store.clearLog();
            file.write(request(MessageType.TRANSACTION_END, 2, first, "T"));
            assertEquals("ERROR 2 " + first + " EAGAIN|", next(file));
            file.write(request(MessageType.TRANSACTION_END, 3, second, "F"));
            assertEquals("TRANSACTION_END 3 " + second + " OK|", next(file));
            assertTrue(bench.store.log().stream().noneMatch(l -> l.contains("TRANSACTION_END")));
          }
        });
  }

  /// C43: a start that fails leaves the count of users as it was: a suspend goes on.
  @Test
  void c43FailedStartIsCountedOutOnce() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile()) {
            bench.store.script((from, type, strings) -> new StoreScript.Fail(Errno.ENOSPC));
            file.write(request(MessageType.TRANSACTION_START, 1, 0, ""));
            assertEquals("ERROR 1 0 ENOSPC|", next(file));
            assertEquals(0, bench.xs.users());
            bench.store.script(StoreScript.SERVE_ALL);
            bench.xs.suspend();
            bench.xs.cancelSuspend();
            assertEquals(1, bench.xs.generation());
          }
        });
  }

  /// C48: a reply is on its way while the same file waits for the reply to a WATCH.
  @Test
  void c48ReplyComesWhileTheFileWaitsForAWatch() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF);
              XenbusUserFile file = bench.xs.openUserFile()) {
            bench.store.write("/a", "1");
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.READ || type == MessageType.WATCH
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            file.write(request(MessageType.READ, 1, 0, "/a"));
            bench.store.awaitHeld(1);
            AtomicReference<String> failed = new AtomicReference<>("");
            Task writer =
                bench.spawn(
                    "writer",
                    () -> {
                      try {
                        file.write(request(MessageType.WATCH, 2, 0, "/w", "t"));
                      } catch (KernelException e) {
                        failed.set(e.toString());
                      }
                    });
            bench.store.awaitHeld(2);
            bench.store.answerHeld(0);
            assertEquals("READ 1 0 1", next(file));
            bench.store.answerHeld(0);
            writer.stop();
            assertEquals("", failed.get());
          }
        });
  }

  /// C49: the last reference goes in the thread that reads the ring; a worker cleans up.
  @Test
  void c49CloseWithAReplyOnItsWayIsCleanedUpByAWorker() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            XenbusUserFile file = bench.xs.openUserFile();
            file.write(request(MessageType.WATCH, 1, 0, "/w", "t"));
            next(file); // reply and first event, in either order
            next(file);
            begin(file);
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.READ
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            file.write(request(MessageType.READ, 2, 0, "/a"));
            bench.store.awaitHeld(1);
            file.close();
            file.close();
            assertEquals(1, bench.xs.watchCount());
            bench.store.answerHeld(0);
            bench.await(() -> bench.xs.watchCount() == 0);
            assertTrue(bench.store.log().contains("dom0 TRANSACTION_END F"));
            assertEquals(Errno.EBADF, errnoOf(() -> file.read(1, false)));
            assertEquals(Errno.EBADF, errnoOf(() -> file.write(new byte[1])));
          }
        });
  }

  @Test
  void thereIsNoFileWithoutAChannel() {
    TestMachines.fair(
        machine -> {
          XsBench bench = new XsBench(machine, Mtwatch.OFF);
          bench.close();
          assertEquals(Errno.ENOENT, errnoOf(bench.xs::openUserFile));
        });
  }
}
