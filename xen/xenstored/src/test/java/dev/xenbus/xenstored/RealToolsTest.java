package dev.xenbus.xenstored;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.machine.LiveMachine;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Debian's own clients, unmodified, against the daemon on a Unix socket.
class RealToolsTest {
  private static final String TEST_XENSTORE = "/usr/lib/xen-4.17/bin/test-xenstore";
  // The one in the PATH is a script that wants a hypervisor first.
  private static final String CONTROL = "/usr/lib/xen-4.17/bin/xenstore-control";
  private static final long SECONDS_MAX = 60;

  @TempDir Path folder = Path.of("");
  private LiveMachine machine = new LiveMachine();
  private Path socket = folder;
  private Xenstored daemon;

  /// How a program ended.
  private record Ended(int status, String out, String err) {}

  @BeforeEach
  void start() throws Exception {
    socket = folder.resolve("socket");
    daemon = new Xenstored(machine.cpu("dom0"), Xenstored.Options.alone(socket, line -> {}));
  }

  @AfterEach
  void stop() {
    daemon.close();
    machine.close();
    assertTrue(Files.notExists(socket));
  }

  private ProcessBuilder command(String... words) {
    assumeTrue(
        Files.isExecutable(Path.of(words[0].startsWith("/") ? words[0] : "/usr/bin/" + words[0])),
        words[0] + " is not installed: apt-get install xenstore-utils xen-utils-4.17");
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().put("XENSTORED_PATH", socket.toString());
    return builder;
  }

  private Ended run(String... words) throws IOException, InterruptedException {
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    Process process =
        command(words).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(String.join(" ", words) + " does not end");
    }
    return new Ended(
        process.exitValue(),
        Files.readString(out, StandardCharsets.ISO_8859_1),
        Files.readString(err, StandardCharsets.ISO_8859_1));
  }

  private String output(String... words) throws IOException, InterruptedException {
    Ended ended = run(words);
    assertEquals(0, ended.status, String.join(" ", words) + ": " + ended.err);
    return ended.out;
  }

  @Test
  void toolsReadAndWrite() throws Exception {
    assertEquals("", output("xenstore-write", "/a/b", "hello", "/a/c", "two words"));
    assertEquals("hello\n", output("xenstore-read", "/a/b"));
    assertEquals("/a/b: hello\n/a/c: two words\n", output("xenstore-read", "-p", "/a/b", "/a/c"));
    assertEquals("b\nc\n", output("xenstore-list", "/a"));
    assertEquals(0, run("xenstore-exists", "/a/b").status);
    assertEquals(1, run("xenstore-exists", "/a/x").status);
    assertEquals("", output("xenstore-chmod", "/a/b", "r0", "b5"));
    assertEquals(
        """
        /tool = ""   (n0)
        /tool/xenstored = ""   (n0)
        /a = ""   (n0)
        /a/b = "hello"   (r0,b5)
        /a/c = "two words"   (n0)
        """,
        output("xenstore-ls", "-f", "-p", "/"));
    assertEquals("", output("xenstore-rm", "-t", "/a/b"));
    assertEquals("", output("xenstore-rm", "/a"));
    Ended gone = run("xenstore-read", "/a/c");
    assertEquals(1, gone.status);
    assertTrue(gone.err.contains("couldn't read path /a/c"), gone.err);
  }

  @Test
  void watchShowsTheInitialEventAndChanges() throws Exception {
    Path out = folder.resolve("watched");
    Process watch = command("xenstore-watch", "-n", "3", "/w").redirectOutput(out.toFile()).start();
    for (int i = 0; i < 1000 && Files.size(out) == 0; i++) {
      output("xenstore-exists", "/");
    }
    output("xenstore-write", "/w/x", "1");
    output("xenstore-write", "/w/y", "1");
    assertTrue(watch.waitFor(SECONDS_MAX, TimeUnit.SECONDS));
    assertEquals(List.of("/w", "/w/x", "/w/y"), Files.readAllLines(out));
  }

  @Test
  void toolsSpeakThroughADevice() throws Exception {
    Path own = folder.resolve("xenbus");
    Path guest = folder.resolve("xenbus5");
    Path main = socket;
    daemon.close();
    daemon =
        new Xenstored(
            machine.cpu("dom0"),
            new Xenstored.Options(
                Optional.empty(),
                List.of(socket),
                Map.of(),
                Map.of(0, own, 5, guest),
                Xenstored.Settings.USUAL,
                Optional.empty(),
                Optional.empty(),
                line -> {}));
    assertTrue(Files.notExists(guest));
    try (SocketChannel dom0 = SocketChannel.open(UnixDomainSocketAddress.of(main))) {
      byte[] request =
          Message.of(
                  MessageType.INTRODUCE,
                  1,
                  TransactionId.NONE,
                  "5\0001\0001\000".getBytes(StandardCharsets.ISO_8859_1))
              .encode();
      dom0.write(ByteBuffer.wrap(request));
      assertTrue(dom0.read(ByteBuffer.allocate(64)) > 0);
    }
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(guest)));
    socket = own;
    output("xenstore-write", "/local/domain/5/name", "guest");
    output("xenstore-chmod", "/local/domain/5", "n5");
    assertEquals("guest\n", output("xenstore-read", "/local/domain/5/name"));
    socket = guest;
    output("xenstore-write", "data", "from the agent");
    assertEquals("from the agent\n", output("xenstore-read", "data"));
    assertEquals(1, run("xenstore-write", "/not/mine", "x").status);
    String value = "v".repeat(1500);
    output("xenstore-write", "data", value);
    assertEquals(value + "\n", output("xenstore-read", "data"));
    socket = main;
    assertEquals(value + "\n", output("xenstore-read", "/local/domain/5/data"));
    daemon.close();
    assertTrue(Files.notExists(own, java.nio.file.LinkOption.NOFOLLOW_LINKS));
    assertTrue(Files.notExists(guest, java.nio.file.LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void controlAnswers() throws Exception {
    assertTrue(output(CONTROL, "quota").startsWith("Quota settings:\n"));
    assertEquals("OK\n", output(CONTROL, "check"));
    Ended unknown = run(CONTROL, "nonsense");
    assertEquals(3, unknown.status);
    assertTrue(unknown.err.contains("Command not supported. Valid commands are:"), unknown.err);
  }

  @Test
  void testXenstorePasses() throws Exception {
    String out = output(TEST_XENSTORE, "-i", "1000");
    assertEquals(12, out.lines().filter(line -> line.contains(" ns")).count(), out);
    Ended random = run(TEST_XENSTORE, "-r", "10");
    assertEquals(0, random.status, random.out + random.err);
  }

  /// SIGKILL in the middle of whatever it does, transactions included: nothing of it is left, and
  /// nobody else notices.
  @Test
  void killedClientLeavesNothing() throws Exception {
    output("xenstore-write", "/kept", "1");
    for (int round = 0; round < 5; round++) {
      Path out = folder.resolve("killed" + round);
      Process client = command(TEST_XENSTORE, "-r", "60").redirectOutput(out.toFile()).start();
      for (int i = 0; i < 5 + round; i++) {
        assertEquals("1\n", output("xenstore-read", "/kept"));
      }
      client.destroyForcibly().waitFor();
      assertEquals("1\n", output("xenstore-read", "/kept"));
    }
    // A dump is refused while a transaction is open anywhere.
    assertEquals("OK\n", output(CONTROL, "dump", folder.resolve("state").toString()));
    assertEquals("OK\n", output(CONTROL, "check"));
  }

  @Test
  void manyNodesAreListedInParts() throws Exception {
    for (int i = 0; i < 40; i++) {
      String[] words =
          Stream.concat(
                  Stream.of("xenstore-write"),
                  java.util.stream.IntStream.range(i * 20, i * 20 + 20)
                      .boxed()
                      .flatMap(n -> Stream.of("/many/a-node-with-a-name-" + n, "v")))
              .toArray(String[]::new);
      output(words);
    }
    assertEquals(800, output("xenstore-list", "/many").lines().count());
  }
}
