package dev.xenbus.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.xenstored.Xenstored;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The client as a program of its own uses it: threads of the JDK, a socket, no machine in sight.
class SocketClientTest {
  private static final long SECONDS_MAX = 60;

  @TempDir Path folder = Path.of("");

  private interface Script {
    void run(Path socket, Xenstored daemon) throws Exception;
  }

  private void withDaemon(Script script) throws Exception {
    Path socket = folder.resolve("s");
    try (LiveMachine machine = new LiveMachine();
        Xenstored daemon =
            new Xenstored(machine.cpu("dom0"), Xenstored.Options.alone(socket, line -> {}))) {
      script.run(socket, daemon);
    }
  }

  @Test
  void threadsFromOutsideUseIt() throws Exception {
    withDaemon(
        (socket, daemon) -> {
          try (XenstoreClient client = XenstoreClient.open(socket)) {
            List<Thread> threads = new ArrayList<>();
            List<CompletableFuture<String>> results = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
              String path = "/t/" + i;
              CompletableFuture<String> result = new CompletableFuture<>();
              results.add(result);
              threads.add(
                  Thread.ofPlatform()
                      .start(
                          () -> {
                            try {
                              for (int n = 0; n < 100; n++) {
                                client.write(path, "v" + n);
                              }
                              result.complete(client.read(path));
                            } catch (IOException e) {
                              result.completeExceptionally(e);
                            }
                          }));
            }
            for (CompletableFuture<String> result : results) {
              assertEquals("v99", result.get(SECONDS_MAX, TimeUnit.SECONDS));
            }
            for (Thread thread : threads) {
              thread.join();
            }
          }
        });
  }

  @Test
  void repliesBecomeFuturesOfTheJdk() throws Exception {
    withDaemon(
        (socket, daemon) -> {
          try (XenstoreClient client = XenstoreClient.open(socket)) {
            client.write("/a", "x");
            CompletableFuture<String> value = new CompletableFuture<>();
            client.async().read("/a").whenDone(value::complete, value::completeExceptionally);
            CompletableFuture<String> missing = new CompletableFuture<>();
            client.async().read("/b").whenDone(missing::complete, missing::completeExceptionally);
            assertEquals("x", value.get(SECONDS_MAX, TimeUnit.SECONDS));
            assertTrue(
                String.valueOf(
                        assertThrows(
                                java.util.concurrent.ExecutionException.class,
                                () -> missing.get(SECONDS_MAX, TimeUnit.SECONDS))
                            .getCause())
                    .contains("ENOENT: READ /b tx=0"));
          }
        });
  }

  @Test
  void closingEndsEveryThreadAndWakesWhoWaits() throws Exception {
    withDaemon(
        (socket, daemon) -> {
          XenstoreClient client = XenstoreClient.open(socket);
          CompletableFuture<IOException> ended = new CompletableFuture<>();
          Subscription watch = client.subscribe("/w");
          assertEquals("/w", watch.next().path());
          Thread waiter =
              Thread.ofPlatform()
                  .start(() -> ended.complete(assertThrows(IOException.class, watch::next)));
          Subscription listened = client.subscribe("/l", event -> {});
          client.close();
          client.close();
          assertTrue(
              String.valueOf(ended.get(SECONDS_MAX, TimeUnit.SECONDS).getMessage())
                  .contains("closed"));
          waiter.join();
          assertEquals("/l", listened.path());
          assertEquals(
              List.of(),
              Thread.getAllStackTraces().keySet().stream()
                  .map(Thread::getName)
                  .filter(name -> name.startsWith("emu-xs-"))
                  .toList());
        });
  }

  @Test
  void listenerMayCloseTheClient() throws Exception {
    withDaemon(
        (socket, daemon) -> {
          XenstoreClient client = XenstoreClient.open(socket);
          CompletableFuture<String> told = new CompletableFuture<>();
          Subscription watch =
              client.subscribe(
                  "/w",
                  event -> {
                    client.close();
                    told.complete(event.path());
                  });
          assertEquals("/w", told.get(SECONDS_MAX, TimeUnit.SECONDS));
          assertThrows(IOException.class, () -> client.read("/w"));
          watch.close();
        });
  }

  @Test
  void guestsSocketIsHeldBackAndServed() throws Exception {
    Path guest = folder.resolve("g");
    Path all = folder.resolve("a");
    Xenstored.Options options =
        new Xenstored.Options(Optional.empty(), List.of(all), Map.of(5, guest), line -> {});
    try (LiveMachine machine = new LiveMachine();
        Xenstored _ = new Xenstored(machine.cpu("dom0"), options);
        XenstoreClient dom0 = XenstoreClient.open(all)) {
      dom0.introduce(5, 1, 1);
      dom0.write("/local/domain/5/data", "");
      dom0.setPermissions("/local/domain/5/data", dev.xenbus.abi.xenstore.Permissions.of("n5"));
      try (XenstoreClient five = XenstoreClient.open(guest)) {
        List<Reply<Ok>> writes = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
          writes.add(five.async().write("data/x", "v".repeat(1000) + i));
        }
        for (Reply<Ok> write : writes) {
          assertEquals(Ok.OK, write.await());
        }
        assertEquals("v".repeat(1000) + 999, five.read("data/x"));
      }
      assertEquals(List.of("x"), dom0.directory("/local/domain/5/data"));
    }
  }

  @Test
  void socketThatNobodyServesIsNamed() {
    Path socket = folder.resolve("none");
    IOException e = assertThrows(IOException.class, () -> XenstoreClient.open(socket));
    assertTrue(String.valueOf(e.getMessage()).startsWith("store socket " + socket + ": "));
    SimulatedMachine machine = new SimulatedMachine(1);
    assertThrows(
        UnsupportedOperationException.class,
        () -> XenstoreClient.open(machine.cpu("dom0"), socket));
  }

  @Test
  void usualSocketIsThatOfTheEnvironment() {
    assertEquals(
        Path.of("/x/s"),
        XenstoreClient.usualSocket(Map.of("XENSTORED_PATH", "/x/s", "XENSTORED_RUNDIR", "/r")));
    assertEquals(
        Path.of("/r/socket"), XenstoreClient.usualSocket(Map.of("XENSTORED_RUNDIR", "/r")));
    assertEquals(Path.of("/run/xenstored/socket"), XenstoreClient.usualSocket(Map.of()));
  }
}
