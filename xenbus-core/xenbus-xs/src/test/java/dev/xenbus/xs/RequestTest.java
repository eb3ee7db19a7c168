package dev.xenbus.xs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.abi.xenstore.XenstoreRing;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.StoreLink;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.testkit.TestStore;
import dev.xenbus.testkit.TestXen;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RequestTest {
  private static final XenbusTransaction NONE = XenbusTransaction.NONE;

  private static Errno errnoOf(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(XenstoreException.class, call).errno();
  }

  @Test
  void whatIsWrittenCanBeReadListedAndRemoved() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Domid.of(7), Mtwatch.OFF)) {
            bench.xs.write(NONE, "data", "greeting", "hello");
            assertEquals("hello", bench.xs.read(NONE, "/local/domain/7/data", "greeting"));
            assertEquals(List.of("greeting"), bench.xs.directory(NONE, "data", ""));
            assertTrue(bench.xs.exists(NONE, "data", "greeting"));
            bench.xs.remove(NONE, "data", "");
            assertFalse(bench.xs.exists(NONE, "data", ""));
            assertEquals(Errno.ENOENT, errnoOf(() -> bench.xs.read(NONE, "data", "greeting")));
          }
        });
  }

  @Test
  void numbersAreReadAsSscanfDoes() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/n/hex", "0x10 pages");
            bench.store.write("/n/octal", "010");
            bench.store.write("/n/empty", "");
            bench.store.write("/n/minus", "-3");
            bench.store.write("/n/state", "5");
            assertEquals(16, bench.xs.readNumber(NONE, "/n", "hex"));
            assertEquals(8, bench.xs.readNumber(NONE, "/n", "octal"));
            assertEquals(-3, bench.xs.readNumber(NONE, "/n", "minus"));
            assertEquals(Errno.ERANGE, errnoOf(() -> bench.xs.readNumber(NONE, "/n", "empty")));
            assertEquals(10, bench.xs.readUnsigned("/n", "octal", 1));
            assertEquals(1, bench.xs.readUnsigned("/n", "minus", 1));
            assertEquals(2, bench.xs.readUnsigned("/n", "missing", 2));
            assertEquals(XenbusState.CLOSING, bench.xs.readDriverState("/n"));
            assertEquals(XenbusState.UNKNOWN, bench.xs.readDriverState("/m"));
          }
        });
  }

  @Test
  void errorNamesBecomeErrnosAndUnknownOnesEinval() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            for (Errno errno : List.of(Errno.EACCES, Errno.EROFS, Errno.ENOSYS, Errno.EBUSY)) {
              bench.store.script((from, type, strings) -> new StoreScript.Fail(errno));
              assertEquals(errno, errnoOf(() -> bench.xs.read(NONE, "/x", "")));
            }
            bench.store.script(
                (from, type, strings) ->
                    new StoreScript.Answer(MessageType.ERROR.code(), -1, "EWEIRD\0"));
            assertEquals(Errno.EINVAL, errnoOf(() -> bench.xs.read(NONE, "/x", "")));
            assertTrue(bench.kernel.logTexts().contains("xen store gave: unknown error EWEIRD"));
          }
        });
  }

  @Test
  void replyOfAnotherTypeIsEinval() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.script(
                (from, type, strings) ->
                    new StoreScript.Answer(MessageType.WRITE.code(), -1, "OK\0"));
            assertEquals(Errno.EINVAL, errnoOf(() -> bench.xs.read(NONE, "/x", "")));
            assertTrue(
                bench.kernel.logTexts().contains("xenbus: unexpected type [11], expected [2]"));
          }
        });
  }

  /// C35: replies are matched by id alone, in any order; one that nobody asked for is dropped.
  @Test
  void repliesMayComeInAnyOrder() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            for (int i = 0; i < 3; i++) {
              bench.store.write("/v/" + i, "value" + i);
            }
            bench.store.script((from, type, strings) -> StoreScript.Verdict.HOLD);
            List<Task> readers = new ArrayList<>();
            AtomicInteger right = new AtomicInteger();
            for (int i = 0; i < 3; i++) {
              String name = Integer.toString(i);
              readers.add(
                  bench.spawn(
                      "reader" + i,
                      () -> {
                        try {
                          if (bench.xs.read(NONE, "/v", name).equals("value" + name)) {
                            right.incrementAndGet();
                          }
                        } catch (XenstoreException e) {
                          throw new IllegalStateException(e);
                        }
                      }));
            }
            bench.store.awaitHeld(3);
            bench.store.answerHeld(2);
            bench.store.answerHeld(1);
            bench.store.answerHeld(0);
            readers.forEach(Task::stop);
            assertEquals(3, right.get());
            assertEquals(0, bench.xs.users());
          }
        });
  }

  @Test
  void replyThatNobodyAskedForIsLoggedAndDropped() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/a", "1");
            bench.store.script(
                (from, type, strings) ->
                    strings.getFirst().equals("/bogus")
                        ? new StoreScript.Answer(MessageType.READ.code(), 4711, "x")
                        : StoreScript.Verdict.SERVE);
            bench.spawn("victim", () -> bench.xs.exists(NONE, "/bogus", ""));
            bench.await(
                () -> bench.kernel.logTexts().contains("xenbus: error -2 while reading message"));
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
          }
        });
  }

  /// C36: a message larger than the ring passes in pieces, and so does the reply.
  @Test
  void messagesLargerThanTheRingPass() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            String value = "x".repeat(3000);
            bench.xs.write(NONE, "/big", "", value);
            assertEquals(value, bench.xs.read(NONE, "/big", ""));
          }
        });
  }

  @Test
  void folderThatDoesNotFitIntoOneReplyIsReadInParts() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
              String name = "a-rather-long-name-%03d".formatted(i);
              names.add(name);
              bench.store.write("/d/" + name, "");
            }
            assertEquals(names, bench.xs.directory(NONE, "/d", ""));
          }
        });
  }

  @Test
  void payloadAboveTheLimitIsRefusedBeforeItIsSent() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.clearLog();
            String value = "x".repeat(4093);
            assertEquals(Errno.E2BIG, errnoOf(() -> bench.xs.write(NONE, "/x", "y", value)));
            assertEquals(List.of(), bench.store.log());
          }
        });
  }

  /// C38: impossible indices cost the request in progress, and the ring starts afresh.
  @Test
  void brokenRequestIndicesFailThatRequestAlone() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/a", "1");
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            var page = bench.link.page();
            int produced = page.get(XenstoreRing.FIELD, XenstoreRing.REQ_PROD);
            page.set(XenstoreRing.FIELD, XenstoreRing.REQ_CONS, produced + 1);
            assertEquals(Errno.EIO, errnoOf(() -> bench.xs.read(NONE, "/a", "")));
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            assertTrue(bench.kernel.logTexts().contains("xenbus: error -5 while writing message"));
          }
        });
  }

  /// C38, the other direction.
  @Test
  void brokenResponseIndicesLoseWhatIsInTheRing() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/a", "1");
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            var page = bench.link.page();
            int consumed = page.get(XenstoreRing.FIELD, XenstoreRing.RSP_CONS);
            page.set(XenstoreRing.FIELD, XenstoreRing.RSP_PROD, consumed - 1);
            // Whoever asks now wakes the thread; the reply comes over a ring that starts afresh.
            bench.spawn("asks", () -> bench.xs.exists(NONE, "/a", ""));
            bench.await(
                () -> bench.kernel.logTexts().contains("xenbus: error -5 while reading message"));
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
          }
        });
  }

  /// A folder's reply whose last byte is not NUL is no list; one line in a kernel's life says so.
  @Test
  void malformedDirectoryReplyIsEioAndSaidOnce() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.script(
                (from, type, strings) ->
                    new StoreScript.Answer(MessageType.DIRECTORY.code(), -1, "a\0b"));
            assertEquals(Errno.EIO, errnoOf(() -> bench.xs.directory(NONE, "/x", "")));
            assertEquals(Errno.EIO, errnoOf(() -> bench.xs.directory(NONE, "/x", "")));
            assertEquals(1, linesOf(bench, "xenbus: malformed XS_DIRECTORY reply"));
          }
        });
  }

  private static long linesOf(XsBench bench, String text) {
    return bench.kernel.logTexts().stream().filter(text::equals).count();
  }

  /// What a peer can repeat without end does not fill the log.
  @Test
  void warningsAreLimitedToTenInFiveSeconds() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            String warning = "xenbus: unexpected type [11], expected [2]";
            bench.store.script(
                (from, type, strings) ->
                    new StoreScript.Answer(MessageType.WRITE.code(), -1, "OK\0"));
            for (int i = 0; i < 25; i++) {
              assertEquals(Errno.EINVAL, errnoOf(() -> bench.xs.read(NONE, "/x", "")));
            }
            assertEquals(10, linesOf(bench, warning));
            Task.sleep(5_000_000_000L);
            assertEquals(Errno.EINVAL, errnoOf(() -> bench.xs.read(NONE, "/x", "")));
            assertEquals(1, linesOf(bench, "xs_talkv: 15 callbacks suppressed"));
            assertEquals(11, linesOf(bench, warning));
            bench.store.script(StoreScript.SERVE_ALL);
            byte[] event = new byte[16];
            event[0] = 15;
            for (int i = 0; i < 12; i++) {
              bench.store.raw(bench.link, event);
            }
            bench.await(() -> linesOf(bench, "xenbus: error -22 while reading message") == 10);
            bench.store.write("/a", "1");
            assertEquals("1", bench.xs.read(NONE, "/a", ""));
            assertEquals(10, linesOf(bench, "xenbus: error -22 while reading message"));
          }
        });
  }

  /// What another kernel of the domain, or a dead one, left in the rings.
  @Test
  void ringsThatAreNotQuiescentAreSaidAndRepliesDropped() {
    TestMachines.fair(
        machine -> {
          TestXen xen = new TestXen();
          TestStore store = new TestStore(machine, xen);
          TestKernel kernel = new TestKernel(machine, xen, Domid.of(7));
          StoreLink link = store.connect(kernel);
          link.page().set(XenstoreRing.FIELD, XenstoreRing.REQ_CONS, 0x100);
          link.page().set(XenstoreRing.FIELD, XenstoreRing.REQ_PROD, 0x104);
          link.page().set(XenstoreRing.FIELD, XenstoreRing.RSP_CONS, -16);
          link.page().set(XenstoreRing.FIELD, XenstoreRing.RSP_PROD, 8);
          XenbusXs xs =
              new XenbusXs(
                  kernel,
                  new StoreConnection(StoreConnection.Kind.PV, link.page(), link::open),
                  Mtwatch.OFF);
          xs.start();
          assertTrue(
              kernel
                  .logTexts()
                  .containsAll(
                      List.of(
                          "xenbus: request ring is not quiescent (00000100:00000104)!",
                          "xenbus: response ring is not quiescent (fffffff0:00000008): fixing"
                              + " up")),
              () -> kernel.logTexts().toString());
          assertEquals(8, link.page().get(XenstoreRing.FIELD, XenstoreRing.RSP_CONS));
          xs.close();
          store.stop();
        });
  }

  /// C39: a length that no message may have is an error; the bytes behind it are taken for a
  /// header.
  @Test
  void impossibleLengthIsReported() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            byte[] header = new byte[16];
            header[0] = 2;
            header[13] = 20;
            bench.store.raw(bench.link, header);
            bench.await(
                () -> bench.kernel.logTexts().contains("xenbus: error -22 while reading message"));
          }
        });
  }

  @Test
  void conflictingTransactionIsRunAgain() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.write("/n", "0");
            AtomicInteger attempts = new AtomicInteger();
            long result =
                bench.xs.transaction(
                    tx -> {
                      long n = bench.xs.readNumber(tx, "/n", "");
                      if (attempts.getAndIncrement() < 5) {
                        bench.store.write("/n", Long.toString(n + 10));
                      }
                      bench.xs.write(tx, "/n", "", Long.toString(n + 1));
                      return n + 1;
                    });
            assertEquals(6, attempts.get());
            assertEquals(51, result);
            assertEquals("51", bench.store.read("/n").orElseThrow());
            assertEquals(0, bench.xs.users());
          }
        });
  }

  @Test
  void transactionWhoseBodyFailsIsAborted() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.clearLog();
            assertEquals(
                Errno.ENOENT,
                errnoOf(
                    () ->
                        bench.xs.transaction(
                            tx -> {
                              bench.xs.write(tx, "/w", "", "1");
                              return bench.xs.read(tx, "/missing", "");
                            })));
            assertEquals("dom0 TRANSACTION_END F", bench.store.log().getLast());
            assertTrue(bench.store.read("/w").isEmpty());
            assertEquals(0, bench.xs.users());
          }
        });
  }

  @Test
  void failedTransactionStartLeavesNoUser() {
    TestMachines.fair(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.script((from, type, strings) -> new StoreScript.Fail(Errno.ENOSPC));
            assertEquals(Errno.ENOSPC, errnoOf(() -> bench.xs.transaction(tx -> 0)));
            assertEquals(0, bench.xs.users());
          }
        });
  }

  /// C50: with the store in this domain, requests fail once the system goes down.
  @Test
  void waitersGetEioWhenTheSystemHaltsWithALocalStore() {
    TestMachines.everywhere(
        machine -> {
          try (XsBench bench = new XsBench(machine, Mtwatch.OFF)) {
            bench.store.script((from, type, strings) -> StoreScript.Verdict.HOLD);
            List<Errno> seen = new ArrayList<>();
            Task waiter =
                bench.spawn(
                    "waiter",
                    () -> {
                      try {
                        bench.xs.read(NONE, "/x", "");
                      } catch (XenstoreException e) {
                        seen.add(e.errno());
                      }
                    });
            bench.store.awaitHeld(1);
            bench.kernel.systemState(dev.xenbus.linux.api.Kernel.SystemState.HALTING);
            bench.xs.rebootNotify();
            waiter.stop();
            assertEquals(List.of(Errno.EIO), seen);
            assertEquals(Errno.EIO, errnoOf(() -> bench.xs.read(NONE, "/x", "")));
            assertEquals(0, bench.xs.users());
          }
        });
  }

  @Test
  void closeFailsWhoeverWaits() {
    TestMachines.everywhere(
        machine -> {
          XsBench bench = new XsBench(machine, Domid.of(3), Mtwatch.OFF);
          bench.store.script((from, type, strings) -> StoreScript.Verdict.DROP);
          List<Errno> seen = new ArrayList<>();
          Task waiter =
              bench.spawn(
                  "waiter",
                  () -> {
                    try {
                      bench.xs.read(NONE, "/x", "");
                    } catch (XenstoreException e) {
                      seen.add(e.errno());
                    }
                  });
          bench.await(() -> !bench.store.log().isEmpty());
          bench.close();
          waiter.stop();
          assertEquals(List.of(Errno.EIO), seen);
          assertEquals(
              List.of(), bench.threads().stream().filter(c -> !c.equals("xenstored")).toList());
        });
  }
}
