package dev.xenbus.xenstore.client.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.xenstore.client.StoreConnector;
import dev.xenbus.xenstored.Xenstored;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Our commands, and, where Debian's are installed, theirs on the same store: the same output.
class CommandsTest {
  private static final long SECONDS_MAX = 60;

  @TempDir Path folder = Path.of("");
  private final LiveMachine machine = new LiveMachine();
  private Path socket = folder;
  private Xenstored daemon;

  /// How a command ended.
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
  }

  private static final List<UserCommand> COMMANDS =
      List.of(
          new XenstoreChmod(),
          new XenstoreControl(),
          new XenstoreExists(),
          new XenstoreList(),
          new XenstoreLs(),
          new XenstoreRead(),
          new XenstoreRm(),
          new XenstoreWatch(),
          new XenstoreWrite());

  private static UserCommand find(String name) {
    return COMMANDS.stream()
        .filter(command -> command.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /// What a command under test is given.
  private final class TestContext implements UserCommand.Context {
    private final StringBuilder out = new StringBuilder();
    private final StringBuilder err = new StringBuilder();

    @Override
    public Kernel kernel() {
      throw new AssertionError("no kernel here");
    }

    @Override
    public TextOutput out() {
      return out::append;
    }

    @Override
    public TextOutput err() {
      return err::append;
    }

    @Override
    public <T> Optional<T> service(Class<T> type) {
      StoreConnector connector = daemon::connect;
      return type.isInstance(connector) ? Optional.of(type.cast(connector)) : Optional.empty();
    }

    @Override
    public Path file(String name) {
      return Path.of(name);
    }
  }

  private Ended ours(String... words) {
    TestContext context = new TestContext();
    List<String> arguments = List.of(words).subList(1, words.length);
    try {
      int status =
          machine
              .submit(
                  machine.cpu("console"), words[0], () -> find(words[0]).run(context, arguments))
              .await();
      return new Ended(status, context.out.toString(), context.err.toString());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private Ended real(String... words) throws IOException, InterruptedException {
    Path program = Path.of("/usr/bin", words[0]);
    assumeTrue(Files.isExecutable(program), words[0] + " is not installed: xenstore-utils");
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("XENSTORED_PATH", socket.toString());
    Process process = builder.start();
    assertTrue(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS));
    return new Ended(
        process.exitValue(),
        Files.readString(out, StandardCharsets.ISO_8859_1),
        Files.readString(err, StandardCharsets.ISO_8859_1));
  }

  private void assertSame(String... words) throws IOException, InterruptedException {
    assertEquals(real(words), ours(words), String.join(" ", words));
  }

  private void fill() {
    assertEquals(
        0,
        ours(
                "xenstore-write",
                "/a/short",
                "v",
                "/a/long",
                "x".repeat(200),
                "/a/odd",
                "tab\\t nl\\n back\\\\ \\003 \\x9b end",
                "/a/deep/er/still",
                "y".repeat(60),
                "/b",
                "")
            .status);
    assertEquals(0, ours("xenstore-chmod", "/a/short", "r0", "b7", "n3").status);
    assertEquals(0, ours("xenstore-chmod", "-r", "/a/deep", "r0").status);
    assertEquals(0, ours("xenstore-chmod", "-u", "/a/deep/er", "b0").status);
  }

  @Test
  void outputIsThatOfTheRealTools() throws Exception {
    fill();
    assertSame("xenstore-ls");
    assertSame("xenstore-ls", "-p");
    assertSame("xenstore-ls", "-f");
    assertSame("xenstore-ls", "-fp", "/a");
    assertSame("xenstore-ls", "/a/deep");
    assertSame("xenstore-ls", "/missing");
    assertSame("xenstore-read", "/a/odd");
    assertSame("xenstore-read", "-p", "/a/odd", "/a/short");
    assertSame("xenstore-read", "-R", "/a/short");
    assertSame("xenstore-read", "/missing");
    assertSame("xenstore-list", "/a");
    assertSame("xenstore-list", "-p", "/a", "/");
    assertSame("xenstore-list", "/missing");
    assertSame("xenstore-exists", "/a");
    assertSame("xenstore-exists", "/a", "/missing");
    assertSame("xenstore-write", "/a/", "x");
    assertSame("xenstore-rm", "/a/b/c/d");
    assertSame("xenstore-chmod", "/missing", "n0");
    assertSame("xenstore-chmod", "/a", "x0");
    assertSame("xenstore-chmod", "/a", "rx", "b3x");
    assertSame("xenstore-ls", "-p");
  }

  @Test
  void removalTidiesUpwards() {
    fill();
    assertEquals(new Ended(0, "", ""), ours("xenstore-rm", "-t", "/a/deep/er/still"));
    assertEquals(1, ours("xenstore-exists", "/a/deep").status);
    assertEquals(0, ours("xenstore-exists", "/a/short").status);
    assertEquals(new Ended(0, "", ""), ours("xenstore-rm", "/a", "/b"));
    assertEquals(1, ours("xenstore-exists", "/a").status);
  }

  @Test
  void watchEndsAfterItsEventsOrBySignal() throws Exception {
    assertEquals(new Ended(0, "/w\n", ""), ours("xenstore-watch", "-n", "1", "/w"));
    assertEquals(
        new Ended(0, "/v\n/w\n", ""), ours("xenstore-watch", "-n2", "-d", "1", "/v", "/w"));
    TestContext context = new TestContext();
    var watch =
        machine.submit(
            machine.cpu("console"),
            "xenstore-watch",
            () -> find("xenstore-watch").run(context, List.of("/w")));
    Task task = watch.task();
    while (context.out.isEmpty()) {
      Thread.onSpinWait();
    }
    task.signal();
    assertEquals(130, watch.await());
  }

  @Test
  void controlAnswers() {
    assertTrue(ours("xenstore-control", "quota").out.startsWith("Quota settings:\n"));
    Ended unknown = ours("xenstore-control", "nonsense");
    assertEquals(3, unknown.status);
    assertTrue(unknown.err.startsWith("Command not supported. Valid commands are:\n"));
  }

  @Test
  void wrongUsageIsTold() {
    String read = "xenstore-read: Usage: xenstore-read [-h] [-p] [-s] [-R] key [...]\n";
    for (UserCommand command : COMMANDS) {
      assertTrue(command.usage().startsWith("usage: " + command.name()));
    }
    assertEquals(new Ended(1, "", read), ours("xenstore-read"));
    assertEquals(new Ended(1, "", read), ours("xenstore-read", "-h", "/a"));
    assertEquals(new Ended(1, "", read), ours("xenstore-read", "-f", "/a"));
    assertEquals(
        new Ended(1, "", "xenstore-read: invalid option -- 'Z'\n" + read),
        ours("xenstore-read", "-Z"));
    assertEquals("Usage:\nxenstore-control <command> [<arg>...]\n", ours("xenstore-control").err);
    assertEquals(1, ours("xenstore-write", "/a").status);
  }

  @Test
  void optionsGoAnywhereAndHaveLongNames() {
    fill();
    assertEquals("/a/short: v\n", ours("xenstore-read", "/a/short", "--pre").out);
    assertEquals(
        "xenstore-read: option '--r' is ambiguous; possibilities: '--recurse' '--raw'\n",
        ours("xenstore-read", "--r", "/a/short").err);
    assertEquals(
        new Ended(1, "v\n", "xenstore-read: couldn't read path /b/c\n"),
        ours("xenstore-read", "/a/short", "/b/c"));
    assertEquals(new Ended(0, "/w\n", ""), ours("xenstore-watch", "/w", "--number=1x"));
    assertEquals(0, ours("xenstore-write", "/q", "\\q\\x\\").status);
    assertEquals("qx\\000\n", ours("xenstore-read", "/q").out);
  }
}
