package dev.xenbus.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Watches as subscriptions.
class SubscriptionTest {
  /// Exit code of a process that a signal came to.
  private static final int TERMINATED = 128 + 15;

  private static final long A_MILLI = 1_000_000;

  private static String path(Optional<WatchEvent> event) {
    return event.orElseThrow().path();
  }

  @Test
  void eventsComeInOrderAndTheFirstAtOnce() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect();
              XenstoreClient other = store.connect();
              Subscription watch = client.subscribe("/w");
              Subscription flat = client.subscribe("/w", 0)) {
            assertEquals("/w", watch.path());
            assertEquals("/w", watch.next().path());
            assertEquals("/w", path(flat.await(WaitQueue.FOREVER)));
            assertEquals(Optional.empty(), watch.await(0));
            assertEquals(Optional.empty(), watch.await(A_MILLI));
            for (int i = 0; i < 10; i++) {
              other.write("/w/" + i, "x");
            }
            for (int i = 0; i < 10; i++) {
              assertEquals("/w/" + i, watch.next().path());
            }
            assertEquals(Optional.empty(), flat.await(0));
            assertEquals(Optional.empty(), client.awaitEvent(0));
          }
        });
  }

  @Test
  void nothingIsLeftBehindAWatchThatWasClosed() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            client.watch("/w", "mine");
            Subscription watch = client.subscribe("/w");
            client.write("/w/1", "x");
            watch.close();
            watch.close();
            client.write("/w/2", "x");
            assertThrows(IOException.class, watch::next);
            // The other watch saw everything, and nothing else came.
            for (String path : List.of("/w", "/w/1", "/w/2")) {
              assertEquals(new WatchEvent(path, "mine"), client.awaitEvent());
            }
            assertEquals(Optional.empty(), client.awaitEvent(A_MILLI));
            // The store has forgotten it too: the same path may be watched again.
            try (Subscription again = client.subscribe("/w")) {
              assertEquals("/w", again.next().path());
            }
          }
        });
  }

  @Test
  void refusedWatchesAreNoSubscriptions() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            assertEquals(Errno.EINVAL, Everywhere.errno(() -> client.subscribe("/w/")));
            assertEquals(Errno.EINVAL, Everywhere.errno(() -> client.subscribe("/w", -1)));
            client.write("/w", "x");
            assertEquals(Optional.empty(), client.awaitEvent(A_MILLI));
          }
        });
  }

  @Test
  void listenersAreToldInOrderAndMayAskTheStore() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect();
              XenstoreClient other = store.connect()) {
            List<String> seen = new ArrayList<>(); // the callback task's until `last`
            Completion last = cpu.completion("last");
            WatchListener listener =
                event -> {
                  try {
                    String value = client.readIfPresent(event.path()).orElse("-");
                    seen.add(event.path() + "=" + value);
                    if (value.equals("9")) {
                      last.completeAll();
                    }
                  } catch (IOException e) {
                    seen.add(e.toString());
                  }
                };
            try (Subscription watch = client.subscribe("/l", listener)) {
              assertThrows(IllegalStateException.class, watch::next);
              for (int i = 0; i < 10; i++) {
                other.write("/l/" + i, "" + i);
              }
              assertEquals(WaitQueue.Wake.READY, last.await(WaitQueue.FOREVER));
            }
            List<String> expected = new ArrayList<>(List.of("/l=-"));
            for (int i = 0; i < 10; i++) {
              expected.add("/l/" + i + "=" + i);
            }
            // The synthetic event may come late enough to find the node made.
            seen.set(0, seen.getFirst().replaceAll("=$", "=-"));
            assertEquals(expected, seen);
            int told = seen.size();
            other.write("/l/late", "9");
            assertEquals("9", client.read("/l/late"));
            assertEquals(told, seen.size());
          }
        });
  }

  @Test
  void listenersThatThrowCostTheirEventAlone() throws Exception {
    Everywhere.overASocket(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            Completion second = cpu.completion("second");
            try (Subscription watch =
                client.subscribe(
                    "/l",
                    event -> {
                      if (event.path().equals("/l")) {
                        throw new IllegalStateException("as the test wants it");
                      }
                      second.completeAll();
                    })) {
              client.write("/l/x", "1");
              assertEquals(WaitQueue.Wake.READY, second.await(WaitQueue.FOREVER), watch.path());
            }
          }
        });
  }

  @Test
  void listenersMayCloseTheirOwnWatch() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            List<Subscription> watches = new ArrayList<>();
            List<String> seen = new ArrayList<>();
            Completion may = cpu.completion("may");
            Completion closed = cpu.completion("closed");
            watches.add(
                client.subscribe(
                    "/l",
                    event -> {
                      WaitQueue.Wake ready = may.await(WaitQueue.FOREVER);
                      seen.add(event.path() + ready);
                      watches.getFirst().close();
                      closed.completeAll();
                    }));
            client.write("/l/1", "x");
            may.completeAll();
            assertEquals(WaitQueue.Wake.READY, closed.await(WaitQueue.FOREVER));
            client.write("/l/2", "x");
            assertEquals("x", client.read("/l/2"));
            assertEquals(List.of("/lREADY"), seen);
          }
        });
  }

  @Test
  void lossOfTheConnectionIsToldToAll() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          XenstoreClient client = store.connect();
          Completion told = cpu.completion("told");
          Subscription polled = client.subscribe("/p");
          Subscription listened =
              client.subscribe(
                  "/l",
                  new WatchListener() {
                    @Override
                    public void event(WatchEvent event) {}

                    @Override
                    public void lost(IOException cause) {
                      told.completeAll();
                    }
                  });
          Task waiter =
              Everywhere.task(
                  cpu,
                  () -> {
                    assertEquals("/p", polled.next().path());
                    return assertThrows(IOException.class, polled::next);
                  });
          assertEquals("/l", listened.path());
          daemon.close();
          assertEquals(0, waiter.waitFor());
          assertEquals(WaitQueue.Wake.READY, told.await(WaitQueue.FOREVER));
          assertThrows(IOException.class, () -> client.awaitEvent(WaitQueue.FOREVER));
          assertThrows(IOException.class, () -> client.subscribe("/q"));
          polled.close();
          listened.close();
          client.close();
        });
  }

  @Test
  void resetClosesSubscriptions() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect()) {
            Subscription watch = client.subscribe("/w");
            client.resetWatches();
            assertTrue(
                String.valueOf(assertThrows(IOException.class, watch::next).getMessage())
                    .contains("closed"));
            watch.close();
          }
        });
  }

  @Test
  void signalEndsAWaitForAnEvent() throws Exception {
    Everywhere.run(
        (store, daemon, cpu) -> {
          try (XenstoreClient client = store.connect();
              Subscription watch = client.subscribe("/w")) {
            assertEquals("/w", watch.next().path());
            List<IOException> ended = new ArrayList<>(); // the waiter's until it ended
            Task waiter =
                Everywhere.task(
                    cpu, () -> ended.add(assertThrows(InterruptedIOException.class, watch::next)));
            assertEquals(Optional.empty(), watch.await(A_MILLI));
            waiter.signal();
            assertEquals(TERMINATED, waiter.waitFor());
            assertEquals(1, ended.size());
            client.write("/w", "x");
            assertEquals("/w", watch.next().path());
          }
        });
  }
}
