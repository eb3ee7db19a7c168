package dev.xenbus.xl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.when;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Task;
import dev.xenbus.xenconsoled.ConsoleSession;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsoleCommandTest {
  private static final long FOREVER_NANOS = 1_000_000_000_000L;

  @TempDir Path folder;

  /// A guest that answers with what it was told to.
  private static final class Guest implements ConsoleSession {
    private final Deque<String> answers = new ArrayDeque<>();
    private final StringBuilder typed = new StringBuilder();
    private boolean busy;
    private boolean gone;
    private Optional<ShutdownReason> stopped = Optional.empty();

    @Override
    public int read(byte[] into, long timeoutNanos) {
      if (answers.isEmpty()) {
        if (gone) {
          return -1;
        }
        Task.sleep(Math.min(timeoutNanos, FOREVER_NANOS));
        return 0;
      }
      byte[] bytes = answers.remove().getBytes(StandardCharsets.UTF_8);
      System.arraycopy(bytes, 0, into, 0, bytes.length);
      return bytes.length;
    }

    @Override
    public int write(byte[] bytes, int length, long timeoutNanos) {
      typed.append(new String(bytes, 0, length, StandardCharsets.UTF_8));
      return length;
    }

    @Override
    public boolean claimInput(long timeoutNanos) {
      return !busy;
    }

    @Override
    public Optional<ShutdownReason> stopped() {
      return stopped;
    }

    @Override
    public void close() {}
  }

  private final Guest guest = new Guest();

  private TestHost host() {
    TestHost host = new TestHost(XlRelease.XEN_4_10, folder);
    when(host.consoles().attach(eq(Domid.of(1)), anyLong())).thenReturn(Optional.of(guest));
    when(host.consoles().attach(eq(Domid.of(2)), anyLong())).thenReturn(Optional.empty());
    return host;
  }

  private TestHost.Outcome run(String... arguments) throws Exception {
    TestHost host = host();
    TestHost.Outcome[] outcome = new TestHost.Outcome[1];
    host.run(() -> outcome[0] = host.xl(arguments));
    return outcome[0];
  }

  @Test
  void commandsOutputAndExitCodeComeThrough() throws Exception {
    guest.answers.add("ping -c 1 10.0.0.1\n\u001b]133;C\u0007PING\n");
    guest.answers.add("1 received\n\u001b]133;D;0\u0007pv1:~# ");
    TestHost.Outcome outcome = run("console", "1", "-c", "ping -c 1 10.0.0.1");
    assertEquals("PING\n1 received\n", outcome.out());
    assertEquals("", outcome.err());
    assertEquals(0, outcome.exitCode());
    assertEquals("ping -c 1 10.0.0.1\n", guest.typed.toString());
  }

  @Test
  void failureOfTheCommandIsTheExitCode() throws Exception {
    guest.answers.add("\u001b]133;C\u0007\u001b]133;D;7\u0007");
    assertEquals(7, run("console", "-c", "false", "1").exitCode());
  }

  @Test
  void guestThatDoesNotAnswerIsSaidAfterTenSeconds() throws Exception {
    TestHost.Outcome outcome = run("console", "1", "-c", "ping");
    assertEquals("xl console: domain 1 does not answer on its console\n", outcome.err());
    assertEquals(1, outcome.exitCode());
    assertEquals(10, outcome.seconds());
  }

  @Test
  void guestThatDiesMeanwhileIsSaid() throws Exception {
    guest.answers.add("\u001b]133;C\u0007half");
    guest.gone = true;
    TestHost.Outcome outcome = run("console", "1", "-c", "poweroff");
    assertEquals("half", outcome.out());
    assertEquals("xl console: domain 1 is gone\n", outcome.err());
    assertEquals(1, outcome.exitCode());
  }

  @Test
  void commandThatEndsTheGuestSucceeds() throws Exception {
    guest.answers.add("\u001b]133;C\u0007");
    guest.gone = true;
    guest.stopped = Optional.of(ShutdownReason.POWEROFF);
    TestHost.Outcome outcome = run("console", "1", "-c", "poweroff");
    assertEquals("xl console: domain 1 has shut down, reason code 0\n", outcome.err());
    assertEquals(0, outcome.exitCode());
    guest.answers.add("\u001b]133;C\u0007");
    guest.stopped = Optional.of(ShutdownReason.CRASH);
    assertEquals(1, run("console", "1", "-c", "ping").exitCode());
  }

  @Test
  void busyConsoleAndMissingOneAreSaid() throws Exception {
    guest.busy = true;
    assertEquals(
        "xl console: another command holds the console of domain 1\n",
        run("console", "1", "-c", "ping").err());
    assertEquals(
        "xenconsole: Could not read tty from store: No such file or directory\n",
        run("console", "2").err());
  }

  @Test
  void signalReachesTheGuestAsControlC() throws Exception {
    TestHost host = host();
    guest.answers.add("\u001b]133;C\u0007");
    host.run(
        () -> {
          Task console = host.start(text -> {}, text -> {}, "console", "1", "-c", "ping 10.0.0.1");
          Task.sleep(1_000_000_000);
          console.signal();
          console.waitFor();
        });
    assertEquals("ping 10.0.0.1\n\u0003", guest.typed.toString());
  }
}
