package dev.xenbus.xenstored.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.xenstored.store.StoreSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files that the daemon writes and reads: the access log, saved stores.
class FilesTest {
  private static final int MANY = 20_000;

  @TempDir Path folder = Path.of("");
  private final LiveMachine machine = new LiveMachine();
  private final List<String> log =
      java.util.Collections.synchronizedList(new java.util.ArrayList<>());

  private Server serve(Optional<Path> accessLog, Optional<Path> restore) throws Exception {
    return new Server(
        machine.cpu("dom0"),
        new Server.Options(
            Optional.empty(),
            List.of(),
            Map.of(),
            Map.of(),
            StoreSettings.USUAL,
            accessLog,
            restore,
            log::add));
  }

  @AfterEach
  void stop() {
    machine.close();
  }

  /// The lines of a log, without their time.
  private static List<String> lines(Path file) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .map(line -> line.replaceAll("^\\[\\d{8}T\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\] ", ""))
          .toList();
    }
  }

  @Test
  void accessLogHasALineForEachRequestErrorAndEvent() throws Exception {
    Path file = folder.resolve("access.log");
    Server server = serve(Optional.of(file), Optional.empty());
    PipePeer watcher = new PipePeer(server.connect());
    watcher.ask(MessageType.WATCH, "/a|tok\\en|");
    PipePeer peer = new PipePeer(server.connect());
    peer.ask(MessageType.WRITE, "/a|two\nlines \1\"");
    peer.ask(MessageType.READ, "/b|");
    peer.ask(MessageType.CONTROL, "print|hello|");
    server.stop();
    assertEquals(
        List.of(
            "A1           newconn   ",
            "A1           watch     /a tok\\\\en ",
            "A1           w event   /a tok\\\\en ",
            "A2           newconn   ",
            "A2           write     /a two\\nlines \\001\\\"",
            "A1           w event   /a tok\\\\en ",
            "A2           read      /b ",
            "A2           error     ENOENT",
            "A2           debug     print hello ",
            "control: hello",
            "A1           endconn   ",
            "A2           endconn   "),
        lines(file));
  }

  @Test
  void accessLogIsSwitchedMovedAndReopened() throws Exception {
    Path file = folder.resolve("access.log");
    Server server = serve(Optional.of(file), Optional.empty());
    PipePeer peer = new PipePeer(server.connect());
    peer.ask(MessageType.CONTROL, "log|off|");
    peer.ask(MessageType.READ, "/unseen|");
    peer.ask(MessageType.CONTROL, "log|on|");
    Path old = folder.resolve("access.log.1");
    Files.move(file, old);
    server.reopenAccessLog();
    while (!Files.exists(file)) {
      peer.ask(MessageType.READ, "/meanwhile|"); // the daemon reopens between requests
    }
    peer.ask(MessageType.READ, "/seen|");
    Path other = folder.resolve("other.log");
    assertEquals("OK|", peer.ask(MessageType.CONTROL, "logfile|" + other + "|"));
    peer.ask(MessageType.READ, "/elsewhere|");
    assertEquals("EINVAL|", peer.ask(MessageType.CONTROL, "logfile|" + folder + "|"));
    server.stop();
    assertTrue(lines(old).stream().noneMatch(line -> line.contains("/unseen")));
    assertTrue(lines(file).contains("A1           read      /seen "));
    assertTrue(lines(other).contains("A1           read      /elsewhere "));
  }

  @Test
  void everyLineOfABusyDaemonArrives() throws Exception {
    Path file = folder.resolve("access.log");
    Server server = serve(Optional.of(file), Optional.empty());
    PipePeer peer = new PipePeer(server.connect());
    for (int i = 0; i < MANY; i++) {
      peer.ask(MessageType.WRITE, "/n|" + i);
    }
    server.stop();
    List<String> lines = lines(file);
    assertEquals(MANY + 2, lines.size());
    assertEquals("A1           write     /n " + (MANY - 1), lines.get(MANY));
  }

  @Test
  void dumpAndRestoreRoundTrip() throws Exception {
    Path file = folder.resolve("state");
    Server server = serve(Optional.empty(), Optional.empty());
    PipePeer peer = new PipePeer(server.connect());
    peer.ask(MessageType.INTRODUCE, "5|1|1|");
    peer.ask(MessageType.WRITE, "/a/b|value");
    peer.ask(MessageType.SET_PERMS, "/a/b|n5|r6|");
    assertEquals("OK|", peer.ask(MessageType.CONTROL, "dump|" + file + "|"));
    byte[] byControl = Files.readAllBytes(file);
    server.dump(file);
    org.junit.jupiter.api.Assertions.assertArrayEquals(byControl, Files.readAllBytes(file));
    server.stop();
    Server other = serve(Optional.empty(), Optional.of(file));
    PipePeer after = new PipePeer(other.connect());
    assertEquals("value", after.ask(MessageType.READ, "/a/b|"));
    assertEquals("n5|r6|", after.ask(MessageType.GET_PERMS, "/a/b|"));
    assertEquals("T|", after.ask(MessageType.IS_DOMAIN_INTRODUCED, "5|"));
    other.stop();
  }

  @Test
  void dumpDuringATransactionIsRefusedByName() throws Exception {
    Path file = folder.resolve("state");
    Server server = serve(Optional.empty(), Optional.empty());
    PipePeer peer = new PipePeer(server.connect());
    assertEquals("1|", peer.ask(MessageType.TRANSACTION_START, "|"));
    assertEquals("EBUSY|", peer.ask(MessageType.CONTROL, "dump|" + file + "|"));
    IOException refused = assertThrows(IOException.class, () -> server.dump(file));
    assertEquals("no dump to " + file + ": transactions are open: A1 has 1", refused.getMessage());
    server.stop();
    assertTrue(Files.notExists(file));
    assertEquals(List.of("no dump: transactions are open: A1 has 1"), log);
  }

  @Test
  void restoringFromNonsenseNamesFileAndPlace() throws Exception {
    Path file = folder.resolve("state");
    Files.writeString(file, "nonsense and more nonsense");
    IOException bad =
        assertThrows(IOException.class, () -> serve(Optional.empty(), Optional.of(file)));
    assertEquals(
        file + ": byte 0: no saved store: it does not begin with 'xenstore'", bad.getMessage());
    Path none = folder.resolve("none");
    assertEquals(
        none + ": no such file",
        assertThrows(IOException.class, () -> serve(Optional.empty(), Optional.of(none)))
            .getMessage());
  }
}
